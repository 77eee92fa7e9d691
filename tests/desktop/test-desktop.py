#!/usr/bin/env python3
# SPDX-License-Identifier: CC0-1.0
# Copyright 2026 The pas2vas authors
"""What a desktop gets to know of us: types of files by their first bytes, launchers, the entry of a
software catalogue, icons, manual pages. With the tools that will read them, as far as this machine
has them."""

import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

SOURCE = os.environ['P2V_TEST_SOURCE']
# With the translations.
DATA = os.path.join(os.environ['P2V_TEST_BUILD'], 'data')
LAUNCHERS = ('io.github.pas2vas.GHex', 'io.github.pas2vas.Viewer')
MIME = 'io.github.pas2vas.MemoryImages.xml'
METAINFO = 'io.github.pas2vas.Viewer.metainfo.xml'
PAGE = b'\0' * 4096


def elf_core():
    """Source: ELF specification, e_ident and e_type 4 (ET_CORE), for x86-64."""
    return (b'\x7fELF\2\1\1' + b'\0' * 9 + struct.pack('<HHI', 4, 62, 1) + PAGE)


# File names that say nothing, so that only the bytes do; then names where only those can tell.
SAMPLES = {
    'core': (elf_core(), 'application/x-core'),
    'lime': (b'EMiL' + struct.pack('<IQQQ', 1, 0, 4095, 0) + PAGE,
             'application/x-lime-memory-image'),
    'dump64': (b'PAGEDU64' + PAGE * 2, 'application/x-windows-crash-dump'),
    'dump32': (b'PAGEDUMP' + PAGE, 'application/x-windows-crash-dump'),
    'with-other-name.dmp': (b'PAGEDU64' + PAGE * 2, 'application/x-windows-crash-dump'),
    'vmcore': (b'KDUMP   ' + PAGE, 'application/x-kdump'),
    'flattened': (b'makedumpfile' + PAGE, 'application/x-kdump'),
    'suspended': (struct.pack('<I', 0xBED2BED2) + PAGE, 'application/x-vmware-machine-state'),
    'restored': (struct.pack('<I', 0xBAD1BAD1) + PAGE, 'application/x-vmware-machine-state'),
    'a.vmsn': (struct.pack('<I', 0xBED3BED3) + PAGE, 'application/x-vmware-machine-state'),
    'a.vmem': (PAGE, 'application/x-vmware-memory'),
    'a.mem': (PAGE, 'application/x-raw-memory-image'),
}


def needs(program):
    return unittest.skipIf(shutil.which(program) is None, f'{program} is not installed')


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f'{" ".join(command)}:\n{done.stdout}{done.stderr}')
    return done.stdout


def read_types(name):
    """The types that a launcher says it opens."""
    with open(os.path.join(DATA, name + '.desktop'), encoding='utf-8') as f:
        line = next(line for line in f if line.startswith('MimeType='))
    return [word for word in line.strip().split('=', 1)[1].split(';') if word]


class DesktopTest(unittest.TestCase):
    @needs('update-mime-database')
    @needs('gio')
    def test_images_are_recognized_by_their_first_bytes(self):
        with tempfile.TemporaryDirectory(prefix='p2v-mime-') as folder:
            packages = os.path.join(folder, 'mime', 'packages')
            os.makedirs(packages)
            shutil.copy(os.path.join(DATA, MIME), packages)
            run('update-mime-database', os.path.join(folder, 'mime'))
            environment = dict(os.environ, XDG_DATA_HOME=folder)
            for name, (content, expected) in SAMPLES.items():
                with self.subTest(name):
                    path = os.path.join(folder, name)
                    with open(path, 'wb') as f:
                        f.write(content)
                    told = run('gio', 'info', '-a', 'standard::content-type', path,
                               env=environment)
                    self.assertIn(f'standard::content-type: {expected}\n', told)

    def test_launchers_open_each_type_that_we_define(self):
        tree = xml.etree.ElementTree.parse(os.path.join(DATA, MIME))
        space = '{http://www.freedesktop.org/standards/shared-mime-info}'
        defined = {kind.get('type') for kind in tree.iter(space + 'mime-type')}
        self.assertGreaterEqual(len(defined), 5)
        for name in LAUNCHERS:
            self.assertEqual(set(read_types(name)), defined | {'application/x-core'})
        catalogue = xml.etree.ElementTree.parse(os.path.join(DATA, METAINFO))
        provided = {kind.text for kind in catalogue.iter('mediatype')}
        self.assertEqual(provided, defined | {'application/x-core'})

    @needs('xmllint')
    def test_files_are_well_formed(self):
        icons = os.path.join(SOURCE, 'data', 'icons', 'hicolor')
        found = [os.path.join(folder, name) for folder, _, names in os.walk(icons)
                 for name in names]
        # The full one and the symbolic one.
        self.assertEqual(len(found), 2)
        run('xmllint', '--noout', os.path.join(DATA, MIME), os.path.join(DATA, METAINFO), *found)

    @needs('desktop-file-validate')
    def test_launchers_are_valid(self):
        for name in LAUNCHERS:
            told = run('desktop-file-validate', os.path.join(DATA, name + '.desktop'))
            self.assertEqual(told, '')

    @needs('appstreamcli')
    def test_catalogue_entry_is_valid(self):
        run('appstreamcli', 'validate', '--no-net', os.path.join(DATA, METAINFO))

    def test_launchers_have_the_icon_that_is_installed(self):
        for name in LAUNCHERS:
            with open(os.path.join(DATA, name + '.desktop'), encoding='utf-8') as f:
                icon = next(line for line in f if line.startswith('Icon=')).strip()[5:]
            for folder, suffix in (('scalable', '.svg'), ('symbolic', '-symbolic.svg')):
                path = os.path.join(SOURCE, 'data/icons/hicolor', folder, 'apps', icon + suffix)
                self.assertTrue(os.path.exists(path), path)

    @needs('man')
    def test_manual_pages_have_no_faults(self):
        folder = os.path.join(SOURCE, 'data')
        pages = sorted(name for name in os.listdir(folder) if name.endswith('.1'))
        self.assertEqual(pages, ['pas2vas-ghex.1', 'pas2vas-viewer.1', 'pas2vas.1'])
        environment = dict(os.environ, MANROFFSEQ='', MANWIDTH='80')
        for page in pages:
            with self.subTest(page):
                done = subprocess.run(
                    ['man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z',
                     os.path.join(folder, page)],
                    env=environment, capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b''))
                self.assertGreater(len(done.stdout), 1000)


if __name__ == '__main__':
    unittest.main(verbosity=2)
