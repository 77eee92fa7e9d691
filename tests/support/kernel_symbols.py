#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""kernel_symbols.py IMAGE VMCOREINFO FILE : describes the kernel in a raw image of x86-64 in a file
of its own, FILE.json or FILE.json.xz (a Volatility ISF) or anything else (an ELF file, as vmlinux).

Reads the image's kallsyms and BTF where VMCOREINFO says, and shares nothing with core/os/symbols,
so that a misreading there shows. Addresses are those before KASLR, as a build would have them."""

import base64
import json
import lzma
import struct
import sys

START_KERNEL_MAP = 0xFFFFFFFF80000000  # Linux arch/x86/include/asm/page_64_types.h


class Kernel:
    """What the image says of its kernel."""

    def __init__(self, memory, vmcoreinfo):
        lines = open(vmcoreinfo).read().split('\n')
        self.info = dict(line.split('=', 1) for line in lines if '=' in line)
        self.memory = memory
        self.shift = int(self.info['KERNELOFFSET'], 16)
        self.delta = START_KERNEL_MAP - int(self.info['NUMBER(phys_base)'])
        self.symbols = self._read_symbols()
        start, end = (self.at(self.symbols[f'__{end}_BTF']) for end in ('start', 'stop'))
        self.btf = (start, end)
        self.btf_bytes = bytes(memory[start:end])
        at = self.at(self.symbols['linux_banner'])
        self.banner = bytes(memory[at : memory.index(b'\0', at) + 1])

    def at(self, va):
        """Where a virtual address of the kernel's image stands in memory."""
        return va - self.delta

    def place(self, name):
        """Where VMCOREINFO says that a symbol stands."""
        return self.at(int(self.info[f'SYMBOL({name})'], 16))

    def _read_symbols(self):
        memory = self.memory
        (n,) = struct.unpack_from('<I', memory, self.place('kallsyms_num_syms'))
        (base,) = struct.unpack_from('<Q', memory, self.place('kallsyms_relative_base'))
        offsets = struct.unpack_from(f'<{n}i', memory, self.place('kallsyms_offsets'))
        index = struct.unpack_from('<256H', memory, self.place('kallsyms_token_index'))
        table = self.place('kallsyms_token_table')
        tokens = [
            bytes(memory[table + i : memory.index(b'\0', table + i)]).decode() for i in index
        ]
        at = self.place('kallsyms_names')
        symbols = {}
        for offset in offsets:
            length = memory[at]
            at += 1
            if length & 0x80:
                length = (length & 0x7F) | memory[at] << 7
                at += 1
            name = ''.join(tokens[code] for code in memory[at : at + length])[1:]
            at += length
            symbols.setdefault(name, offset if offset >= 0 else base - 1 - offset)
        return symbols

    def linked_symbols(self):
        """The symbols as the kernel was linked: what is below the kernel is per processor."""
        return {
            name: va - self.shift if va >= START_KERNEL_MAP else va
            for name, va in self.symbols.items()
        }


class Btf:
    """The types in a blob, each as (kind, flag, name, size or type, parts)."""

    # What follows a type: words, and words for each part (Documentation/bpf/btf.rst).
    FIXED = {1: 1, 3: 3, 14: 1, 17: 1}
    PARTS = {4: 3, 5: 3, 6: 2, 13: 2, 15: 3, 19: 3}

    def __init__(self, blob):
        header_bytes, types_at, types_bytes, names_at, _ = struct.unpack_from('<5I', blob, 4)
        self.names = blob[header_bytes + names_at :]
        self.types = [None]
        at = header_bytes + types_at
        end = at + types_bytes
        while at < end:
            name, info, size = struct.unpack_from('<3I', blob, at)
            kind = info >> 24 & 31
            per_part = self.PARTS.get(kind, 0)
            n_words = self.FIXED.get(kind, 0) + per_part * (info & 0xFFFF)
            words = struct.unpack_from(f'<{n_words}I', blob, at + 12)
            parts = words
            if per_part:
                parts = [words[i : i + per_part] for i in range(0, n_words, per_part)]
            self.types.append((kind, info >> 31, self.name(name), size, parts))
            at += 12 + 4 * n_words

    def name(self, offset):
        return self.names[offset : self.names.index(b'\0', offset)].decode()


class Isf:
    """Volatility's Intermediate Symbol Format, as dwarf2json writes it."""

    def __init__(self, kernel):
        self.btf = Btf(kernel.btf_bytes)
        self.base_types = {
            'pointer': {'size': 8, 'signed': False, 'kind': 'int', 'endian': 'little'}
        }
        self.user_types = {}
        self.enums = {}
        for number, entry in enumerate(self.btf.types):
            if entry is not None:
                self.define(number, *entry)
        symbols = {name: {'address': va} for name, va in kernel.linked_symbols().items()}
        symbols['linux_banner'] |= {
            'type': {'kind': 'array', 'count': len(kernel.banner)},
            'constant_data': base64.b64encode(kernel.banner).decode(),
        }
        self.root = {
            'base_types': self.base_types,
            'enums': self.enums,
            'metadata': {'format': '6.2.0', 'producer': {'name': 'kernel_symbols.py'}},
            'symbols': symbols,
            'user_types': self.user_types,
        }

    def label(self, number):
        return self.btf.types[number][2] or f'unnamed_{number:016x}'

    def define(self, number, kind, flag, name, size, parts):
        if kind in (1, 16):
            self.base_types.setdefault(
                name, {'size': size, 'signed': True, 'kind': 'int', 'endian': 'little'}
            )
        elif kind in (4, 5):
            entry = {
                'size': size,
                'fields': self.fields(flag, parts),
                'kind': 'struct' if kind == 4 else 'union',
            }
            old = self.user_types.get(self.label(number))
            # Of several with a name the one that has more is more often the one that is meant.
            if old is None or len(old['fields']) < len(entry['fields']):
                self.user_types[self.label(number)] = entry
        elif kind in (6, 19):
            constants = {}
            for part in parts:
                value = part[1] | (part[2] << 32 if kind == 19 else 0)
                width = 64 if kind == 19 else 32
                constants[self.btf.name(part[0])] = (
                    value - (1 << width) if flag and value >> (width - 1) else value
                )
            self.enums[self.label(number)] = {'size': size, 'base': 'int', 'constants': constants}

    def fields(self, flag, parts):
        fields = {}
        for i, (name, number, offset) in enumerate(parts):
            width = offset >> 24 if flag else 0
            bits = offset & 0xFFFFFF if flag else offset
            # A bit-field is told from the start of the word it is in.
            use = self.use(number)
            start = bits // 8
            if width:
                start = bits // 32 * 4
                use = {
                    'kind': 'bitfield',
                    'bit_position': bits - 8 * start,
                    'bit_length': width,
                    'type': use,
                }
            text = self.btf.name(name)
            field = {'type': use, 'offset': start}
            if not text:
                text = f'unnamed_field_{i}'
                field['anonymous'] = True
            fields[text] = field
        return fields

    def use(self, number):
        if number == 0:
            return {'kind': 'base', 'name': 'void'}
        kind, _, name, target, parts = self.btf.types[number]
        if kind in (8, 9, 10, 11, 18):
            return self.use(target)
        if kind == 2:
            return {'kind': 'pointer', 'subtype': {'kind': 'base', 'name': 'void'}}
        if kind == 3:
            return {'count': parts[2], 'kind': 'array', 'subtype': self.use(parts[0])}
        if kind in (4, 5):
            return {'kind': 'struct' if kind == 4 else 'union', 'name': self.label(number)}
        if kind in (6, 19):
            return {'kind': 'enum', 'name': self.label(number)}
        if kind in (1, 16):
            return {'kind': 'base', 'name': name}
        return {'kind': 'function'}

    def write(self, path):
        text = json.dumps(self.root, sort_keys=True).encode()
        with open(path, 'wb') as file:
            file.write(lzma.compress(text, preset=0) if path.endswith('.xz') else text)


def write_elf(path, kernel, with_symbols=True):
    """A vmlinux with the sections that matter."""
    names = bytearray(b'\0')
    entries = bytearray(24)
    symbols = kernel.linked_symbols() if with_symbols else {}
    for name, va in symbols.items():
        entries += struct.pack('<IBBHQQ', len(names), 0x10, 0, 1, va, 0)
        names += name.encode() + b'\0'
    rodata = b'Linux version %s (weak)\0' + kernel.banner
    sections = [
        ('', 0, b'', 0, 0),
        ('.rodata', 1, rodata, 0, 0),
        ('.BTF', 1, kernel.btf_bytes, 0, 0),
    ]
    if with_symbols:
        sections += [('.symtab', 2, bytes(entries), 4, 24), ('.strtab', 3, bytes(names), 0, 0)]
    label_text = b'\0'.join(name.encode() for name, *_ in sections) + b'\0.shstrtab\0'
    sections.append(('.shstrtab', 3, label_text, 0, 0))
    body = bytearray(64)
    headers = bytearray()
    label_at = 0
    for name, kind, content, link, entry_bytes in sections:
        headers += struct.pack(
            '<IIQQQQIIQQ', label_at, kind, 0, 0, len(body), len(content), link, 0, 8, entry_bytes
        )
        label_at += len(name) + 1
        body += content
    n = len(sections)
    body[:64] = b'\x7fELF\x02\x01\x01'.ljust(16, b'\0') + struct.pack(
        '<HHIQQQIHHHHHH', 2, 62, 1, 0, 0, len(body), 0, 64, 0, 0, 64, n, n - 1
    )
    with open(path, 'wb') as file:
        file.write(body + headers)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    image, vmcoreinfo, path = sys.argv[1:]
    kernel = Kernel(bytearray(open(image, 'rb').read()), vmcoreinfo)
    if path.endswith(('.json', '.json.xz')):
        Isf(kernel).write(path)
    else:
        write_elf(path, kernel)


if __name__ == '__main__':
    main()
