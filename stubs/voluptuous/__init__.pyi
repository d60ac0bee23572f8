# At run time Home Assistant makes `voluptuous` an alias of probatio. mypy sees the package
# of that name, whose types do not fit those of Home Assistant.
from probatio import *
