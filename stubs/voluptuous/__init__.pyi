# At run time Home Assistant makes `voluptuous` an alias of probatio (since 2026.9).
from probatio import *
