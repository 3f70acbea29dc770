#!/usr/bin/python3
"""guest.py FILE MIB: a bootable raw disk without an operating system.

Its boot sector writes to every disk of the server about once a second, through the BIOS: a 32-bit counter to sector 2048 (byte
offset 1 MiB), and the same sector to 4096 + 8 * (counter mod 1024), so that a diff grows. A server of 64 MiB of memory that
really writes.
"""

import struct
import sys

TEXT = """
fa              cli
31 c0           xor ax,ax
8e d8           mov ds,ax
8e c0           mov es,ax
8e d0           mov ss,ax
bc 00 7c        mov sp,0x7c00
fb              sti
bf 00 80        mov di,0x8000           the sector that is written
b9 00 01        mov cx,256
f3 ab           rep stosw
:tick
66 ff 06 00 80  inc dword [0x8000]
a1 00 80        mov ax,[0x8000]
25 ff 03        and ax,1023
c1 e0 03        shl ax,3
05 00 10        add ax,4096
a3 c8 7d        mov [0x7dc8],ax         the moving packet's sector
b2 80           mov dl,0x80             the first disk
:disk
c7 06 e2 7d 01 00  mov word [0x7de2],1  the BIOS changes the count when a write fails
c7 06 c2 7d 01 00  mov word [0x7dc2],1
be e0 7d        mov si,0x7de0
b8 00 43        mov ax,0x4300           extended write
cd 13           int 0x13
be c0 7d        mov si,0x7dc0
b8 00 43        mov ax,0x4300
cd 13           int 0x13
fe c2           inc dl
80 fa 88        cmp dl,0x88
72 <disk        jb disk
66 a1 6c 04     mov eax,[0x46c]         the BIOS's clock, 18.2 ticks a second
66 83 c0 12     add eax,18
:wait
f4              hlt
66 3b 06 6c 04  cmp eax,[0x46c]
77 <wait        ja wait
eb <tick        jmp tick
"""


def assemble(text):
    code, labels = bytearray(), {}
    for line in filter(None, text.split("\n")):
        if line.startswith(":"):
            labels[line[1:]] = len(code)
            continue
        for word in line.split("  ")[0].split(" "):
            if word.startswith("<"):
                code += struct.pack("b", labels[word[1:]] - len(code) - 1)
            else:
                code += bytes.fromhex(word)
    return code


def packet(sector):
    return struct.pack("<BBHHHQ", 16, 0, 1, 0x8000, 0, sector)


boot = bytearray(512)
code = assemble(TEXT)
assert len(code) <= 0x1C0
boot[: len(code)] = code
boot[0x1C0:0x1D0] = packet(4096)
boot[0x1E0:0x1F0] = packet(2048)
boot[510:] = b"\x55\xaa"

with open(sys.argv[1], "wb") as file:
    mib = int(sys.argv[2])
    file.write(boot)
    for i in range(1, mib):  # a mark in every MiB, so that no disk of it is all zero
        file.seek(i << 20)
        file.write(b"guest disk, MiB %08d\n" % i * 100)
    file.truncate(mib << 20)
