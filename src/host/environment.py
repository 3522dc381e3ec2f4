"""temporary"""

import ctypes, json, os, sys, hashlib


def fingerprint(root, excepted):
    for d, dirs, files in os.walk(root):
        dirs[:] = sorted(x for x in dirs if x != "__pycache__")
        for n in sorted(files + dirs):
            p = os.path.join(d, n)
            if p in excepted:
                continue
            s = os.lstat(p)
            if os.path.isdir(p) and not os.path.islink(p):
                print(os.path.relpath(p, root), oct(s.st_mode))
                continue
            print(os.path.relpath(p, root), oct(s.st_mode), s.st_size, s.st_mtime_ns)


a = sys.argv[1:]
if a[0] == "fingerprint":
    fingerprint(a[1], set(a[3::2]))
elif a[0] == "exchange":
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, a[1].encode(), -100, a[2].encode(), 2) != 0:
        sys.exit(3)
