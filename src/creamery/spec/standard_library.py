"""
Names of modules that come with Python, of any version: a project of such a name is taken for the module.

Source: `sys.stdlib_module_names` of Python 3.11 to 3.15; the library references of the versions before.
"""

import sys

from creamery.spec.names import normalize_name

_OF_OTHER_VERSIONS = """
    al anydbm applesingle asynchat asyncore audiodev basehttpserver bastion bdb binhex bsddb builtin-function callable cd
    cgihttpserver cl cmath codeop commands compiler configparser cookie cookielib copy-reg copyreg cpickle cprofile cstringio
    dbhash dircache distutils dl dummy-thread dummy-threading dumbdbm ensurepip exceptions fl fm formatter fpectl fpformat
    future-builtins gdbm gestalt gl hotshot htmlentitydefs htmllib htmlparser httplib ic imageop imgfile imp imputil itertools
    jpeg lib2to3 macerrors macos macpath mailcap markupbase md5 mhlib mimetools mimewriter mimify msilib multifile mutex new nis
    nntplib nt os2 parser pipes popen2 posixfile pyexpat queue quopri repr rexec rfc822 robotparser scrolledlist sets sgmllib sha
    simplehttpserver simplexmlrpcserver smtpd sndhdr socketserver spwd statvfs stringio stringold strop sunaudiodev sunau
    sv symbol telnetlib test this thread tkinter toaiff tkcolorchooser tkcommondialog tkfiledialog tkfont tkmessagebox
    tksimpledialog ttk ttypes unittest urllib2 urlparse user userdict userlist userstring uu videoreader warnings whichdb
    whrandom winreg xdrlib xmllib xmlrpclib
    aifc audioop cgi cgitb chunk crypt imghdr ossaudiodev
    annotationlib compression concurrent profiling pathlib tomllib zoneinfo graphlib
"""

STANDARD_LIBRARY = frozenset(
    str(normalize_name(name))
    for name in {*_OF_OTHER_VERSIONS.split(), *sys.stdlib_module_names}
    if not name.startswith("_")
)
"""Normalised names."""


def is_of_standard_library(normalized: str) -> bool:
    """
    Say whether a normalised name is that of a module of the standard library, of any version of Python.

    >>> is_of_standard_library("asyncio"), is_of_standard_library("urllib2"), is_of_standard_library("requests")
    (True, True, False)
    """
    return normalized in STANDARD_LIBRARY
