#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-tiny-symbols.py PAS2VAS IMAGE TRUTH-FOLDER SUPPORT-FOLDER : copies of the demo image that
say less of their kernel than it does, with and without a file that says it. Each ends in the same
export as the image itself, or in an error that says what is missing, or wrong, and where."""

import os
import struct
import subprocess
import sys
import tempfile

XZ_CUT = 700_000


class Bench:
    """The image in memory, whole or damaged, and a folder for files."""

    def __init__(self, pas2vas, image, truth, folder, module):
        self.pas2vas = pas2vas
        self.image = image
        self.folder = folder
        self.data = os.path.join(folder, 'data')
        self.module = module
        self.memory = bytearray(open(image, 'rb').read())
        self.kernel = module.Kernel(self.memory, os.path.join(truth, 'vmcoreinfo.txt'))
        self.expected = self.export(image)
        assert self.expected[0] == 0 and self.expected[1].count(b'\n') > 100

    def path(self, name):
        return os.path.join(self.folder, name)

    def export(self, image, symbols=None):
        return self.run('export', image, symbols)

    def run(self, command, image, symbols=None):
        command = [self.pas2vas, command, '--quiet', '--no-cache', image]
        if symbols:
            command += ['--symbols', symbols]
        run = subprocess.run(
            command,
            capture_output=True,
            env=os.environ | {'XDG_DATA_HOME': self.data, 'XDG_DATA_DIRS': '/nonexistent'},
        )
        return run.returncode, run.stdout, run.stderr.decode()

    def write(self, changes):
        """A copy with (place, bytes) changed."""
        path = self.path('copy.raw')
        with open(path, 'wb') as file:
            file.write(self.memory)
            for place, content in changes:
                file.seek(place)
                file.write(content)
        return path

    def same(self, what, changes, symbols=None):
        answer = self.export(self.write(changes) if changes else self.image, symbols)
        assert answer == self.expected, f'{what}: {answer[0]}, {answer[2]}'

    def refused(self, what, changes, parts, symbols=None):
        status, output, message = self.export(
            self.write(changes) if changes else self.image, symbols
        )
        assert status == 3 and output == b'', f'{what}: {status}'
        for part in parts:
            assert part in message, f'{what}: “{part}” is not in: {message}'

    def without_info(self, keep):
        """Takes lines out of each copy of VMCOREINFO."""
        changes = []
        at = -1
        while (at := self.memory.find(b'OSRELEASE=', at + 1)) >= 0:
            if at % 4096 not in (0, 0x18):
                continue
            end = self.memory.index(b'\0', at)
            lines = bytes(self.memory[at:end]).split(b'\n')
            kept = b'\n'.join(line for line in lines if keep(line))
            changes.append((at, kept.ljust(end - at, b'\0')))
        assert len(changes) == 2
        return changes

    def without_vmcoreinfo(self):
        return [(at, bytes(len(text))) for at, text in self.without_info(lambda line: True)]

    def without_kallsyms(self):
        return [(self.kernel.place('kallsyms_token_table'), bytes(512))]

    def without_btf(self):
        start, end = self.kernel.btf
        return [(start, bytes(end - start))]

    def without_tables(self):
        """Neither the kernel's root nor the table by which any root leads to its image."""
        root = self.kernel.place('swapper_pg_dir')
        (entry,) = struct.unpack_from('<Q', self.memory, root + 511 * 8)
        return [(root, bytes(4096)), (entry & 0xFFFFFFFFF000, bytes(4096))]

    def without_anything(self):
        """Neither type information, nor a second task to infer it from."""
        name = b'kthreadd'.ljust(16, b'\0')
        places = []
        at = -1
        while (at := self.memory.find(name, at + 1)) >= 0:
            places.append((at, b'nobody'.ljust(16, b'\0')))
        assert places
        return self.without_btf() + places


def test_files(bench):
    module = bench.module
    isf, packed, vmlinux, stripped = map(bench.path, ('k.json', 'k.json.xz', 'vmlinux', 'stripped'))
    module.Isf(bench.kernel).write(isf)
    module.Isf(bench.kernel).write(packed)
    module.write_elf(vmlinux, bench.kernel)
    module.write_elf(stripped, bench.kernel, with_symbols=False)
    nameless = bench.without_info(lambda line: b'kallsyms' not in line)

    for name in isf, packed, vmlinux, stripped:
        bench.same(f'{name} and the whole image', [], name)
        bench.same(f'{name} for BTF', bench.without_btf(), name)
    for name in isf, packed, vmlinux:
        bench.same(f'{name} for everything', bench.without_btf() + nameless, name)
    return isf, packed, vmlinux


def test_missing(bench):
    start, end = bench.kernel.btf
    middle = (start + end) // 2
    how = ['copy.raw', 'Linux 6.1.0-56-cloud-amd64', '--symbols FILE', bench.data]

    bench.same('BTF wiped', bench.without_btf())
    bench.same('BTF cut in the middle', [(middle, bytes(end - middle))])
    bench.same(
        'neither BTF nor kallsyms',
        bench.without_btf() + bench.without_info(lambda line: b'kallsyms' not in line),
    )
    bench.refused(
        'nothing to infer from', bench.without_anything(), how + ['could not be inferred']
    )


def find_zero_pages(bench, image):
    """What of it no symbol tells: the frames, how often they are mapped, that none is counted."""
    status, output, message = bench.run('frames', image)
    assert status == 0, message
    return [line.split()[:4] for line in output.decode().splitlines() if 'page of zeros' in line]


def test_zero_page(bench):
    """Without symbols it is told by the entries that lead to it, its record and its contents."""
    whole = find_zero_pages(bench, bench.image)
    assert len(whole) == 1
    nameless = bench.without_info(lambda line: b'kallsyms' not in line)
    for changes in (
        nameless + bench.without_kallsyms(),
        nameless + bench.without_kallsyms() + bench.without_btf(),
    ):
        assert find_zero_pages(bench, bench.write(changes)) == whole
    # One byte of it is enough to make it another frame.
    spoiled = nameless + bench.without_kallsyms() + [(int(whole[0][0], 16) + 0x800, b'x')]
    assert find_zero_pages(bench, bench.write(spoiled)) == []


def test_search(bench):
    """Symbols, banner and page tables without VMCOREINFO, or with one that is of an old kernel."""
    nameless = bench.without_info(lambda line: b'kallsyms' not in line)
    blank = bench.without_vmcoreinfo()
    mute = blank + bench.without_kallsyms() + bench.without_btf()

    bench.same('kallsyms not named', nameless)
    bench.same('no VMCOREINFO', blank)
    for name in 'k.json', 'vmlinux':
        bench.same(f'no VMCOREINFO, {name} for BTF', blank + bench.without_btf(), bench.path(name))
        bench.same(f'nothing but {name}', mute, bench.path(name))
    bench.same('nothing at all', mute)
    bench.refused(
        'nothing at all, and no page tables of the kernel',
        mute + bench.without_tables(),
        [
            'copy.raw',
            bench.kernel.banner.decode().strip('\n\0'),
            'neither VMCOREINFO nor a symbol table',
            '--symbols FILE',
            bench.data,
        ],
    )
    bench.same('kallsyms wiped', nameless + bench.without_kallsyms())
    bench.refused(
        'nothing but VMCOREINFO',
        nameless + bench.without_kallsyms() + bench.without_anything(),
        ['Linux 6.1.0-56-cloud-amd64', 'could not be inferred', '--symbols FILE'],
    )


def test_older_names(bench):
    """Fields by the names they had in older kernels: start times, methods and all are the same."""
    isf = bench.module.Isf(bench.kernel)
    fields = isf.user_types['task_struct']['fields']
    fields['real_start_time'] = fields.pop('start_boottime')
    fields['pids'] = fields.pop('pid_links')
    older = bench.path('older.json')
    isf.write(older)
    whole = bench.run('ps', bench.image)
    assert whole[0] == 0 and bench.run('ps', bench.image, older) == whole
    del fields['pids']
    isf.write(older)
    assert bench.run('ps', bench.image, older) != whole


def test_other_kernel(bench, isf):
    text = open(isf).read()
    banner = bench.kernel.banner.decode().strip('\n\0')
    other = bench.path('other.json')
    kernel = bench.kernel
    kernel.banner, kept = kernel.banner.replace(b'6.1.192', b'6.1.191'), kernel.banner
    bench.module.Isf(kernel).write(other)
    bench.module.write_elf(bench.path('other-vmlinux'), kernel)
    kernel.banner = kept

    for path in other, bench.path('other-vmlinux'):
        bench.refused(
            'another kernel',
            [],
            ['of another kernel', path, banner, banner.replace('6.1.192', '6.1.191')],
            path,
        )
    assert '6.1.191' not in text


def test_found_by_banner(bench, packed):
    folder = os.path.join(bench.data, 'pas2vas', 'symbols')
    os.makedirs(folder)
    os.link(bench.path('other.json'), os.path.join(folder, 'a.json'))
    os.link(bench.path('other-vmlinux'), os.path.join(folder, 'b'))
    with open(os.path.join(folder, 'c'), 'wb') as file:
        file.write(b'no symbols')
    bench.refused('no file of this kernel', bench.without_anything(), ['--symbols FILE'])
    os.link(packed, os.path.join(folder, 'd.json.xz'))
    bench.same('found by its banner', bench.without_anything())
    os.unlink(os.path.join(folder, 'd.json.xz'))
    os.link(bench.path('vmlinux'), os.path.join(folder, 'd'))
    bench.same('vmlinux found by its banner', bench.without_anything())


def test_bad_files(bench, isf, packed, vmlinux):
    cases = (
        (isf, 5_000_000, ['The JSON text ends early, at offset 0x4c4b40']),
        (packed, XZ_CUT, ['cannot be decompressed as .xz', 'it is cut off']),
        (vmlinux, 100_000, ['section headers', 'do not lie within']),
        (isf, 1, ['The JSON text ends early, at offset 0x1']),
    )
    bad = bench.path('bad')
    for path, length, parts in cases:
        with open(path, 'rb') as file, open(bad, 'wb') as out:
            out.write(file.read(length))
        bench.refused(f'{path} cut at {length}', [], [bad] + parts, bad)
    with open(bad, 'w') as file:
        file.write('{"metadata": {}}')
    bench.refused('JSON without symbols', [], [bad, 'no Volatility ISF', 'user_types'], bad)
    bench.refused('no file', [], ['nowhere'], bench.path('nowhere'))


def main(pas2vas, image, truth, support):
    sys.path.insert(0, support)
    sys.dont_write_bytecode = True
    import kernel_symbols

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pas2vas, image, truth, folder, kernel_symbols)
        isf, packed, vmlinux = test_files(bench)
        test_missing(bench)
        test_zero_page(bench)
        test_search(bench)
        test_older_names(bench)
        test_other_kernel(bench, isf)
        test_found_by_banner(bench, packed)
        test_bad_files(bench, isf, packed, vmlinux)
    print('tiny image: every copy that says less of its kernel is answered or refused as it should')


if __name__ == '__main__':
    main(*sys.argv[1:])
