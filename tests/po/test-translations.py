#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""Translations: what is in po/LINGUAS is complete and right, and what is translated is shown."""

import csv
import io
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

import trial

SOURCE = os.environ['P2V_TEST_SOURCE']
CLI = os.path.join(os.environ['P2V_TEST_BUILD'], 'plugin', 'cli', 'pas2vas')
TINY = os.environ['P2V_TINY_IMAGE']
XGETTEXT_ARGUMENTS = os.environ['P2V_XGETTEXT_ARGUMENTS'].split()


def read_languages():
    with open(os.path.join(SOURCE, 'po', 'LINGUAS'), encoding='utf-8') as f:
        return [word for line in f for word in line.split('#')[0].split()]


def width(text):
    """Columns of a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in 'WF' else 1
        for c in text
    )


def starts_of_columns(line):
    """Where in a terminal the columns begin under whose headings a line draws dashes."""
    return [width(line[: hit.start()]) for hit in re.finditer(r'-+', line)]


class TranslationsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='p2v-po-')
        cls.addClassCleanup(cls.folder.cleanup)
        cls.pot = os.path.join(cls.folder.name, 'pas2vas.pot')
        trial.make_pot(SOURCE, cls.pot, XGETTEXT_ARGUMENTS)
        cls.trial_po = trial.make_language(cls.pot, cls.folder.name, 'ja')

    def run_cli(self, *arguments, language='ja'):
        environment = dict(
            os.environ, TEXTDOMAINDIR=self.folder.name, LANGUAGE=language, LC_ALL='C.UTF-8'
        )
        return subprocess.run(
            [CLI, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    def test_languages_are_sorted_and_each_has_its_file(self):
        languages = read_languages()
        self.assertEqual(languages, sorted(set(languages)))
        files = [f[:-3] for f in os.listdir(os.path.join(SOURCE, 'po')) if f.endswith('.po')]
        self.assertEqual(languages, sorted(files))

    def test_each_language_is_complete_and_right(self):
        for language in read_languages():
            with self.subTest(language):
                path = os.path.join(SOURCE, 'po', language + '.po')
                trial.run('msgfmt', '--check', '--check-accelerators=_', '-o', '/dev/null', path)
                merged = os.path.join(self.folder.name, language + '-merged.po')
                trial.run('msgmerge', '--quiet', '--no-fuzzy-matching', '-o', merged, path,
                          self.pot)
                open_ones = trial.run('msgattrib', '--untranslated', '--no-obsolete', merged)
                doubtful = trial.run('msgattrib', '--only-fuzzy', '--no-obsolete', merged)
                self.assertEqual(open_ones + doubtful, '', f'{language} is not complete')

    def test_incomplete_language_would_be_found(self):
        """The check above is one: a message taken away is missed."""
        with open(self.trial_po, encoding='utf-8') as f:
            po = f.read()
        cut = re.sub(r'^msgstr "訳"\n"Virtual address"$', 'msgstr ""', po, flags=re.M)
        self.assertNotEqual(po, cut)
        path = os.path.join(self.folder.name, 'cut.po')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(cut)
        self.assertIn('Virtual address', trial.run('msgattrib', '--untranslated', path))

    def test_every_format_of_the_source_is_checked(self):
        """A wrong format in a translation would be found: msgfmt knows which messages are formats,
        also through our own functions."""
        with open(self.pot, encoding='utf-8') as f:
            entries = f.read().split('\n\n')[1:]
        unknown = [
            entry
            for entry in entries
            if re.search(r'^msgid(?:_plural)? (?:"".*\n)?.*%(?:<PRI|[a-z0-9])', entry, re.M)
            and 'c-format' not in entry
        ]
        self.assertEqual(unknown, [])

    def test_no_comment_for_programmers_is_shown_to_translators(self):
        with open(self.pot, encoding='utf-8') as f:
            self.assertNotIn('Source:', f.read())

    def test_program_speaks_the_language(self):
        help_text = self.run_cli('--help').stdout
        for line in ('Commands:', 'List the processes', 'Usage:'):
            self.assertIn(trial.MARK + line, help_text)
        self.assertIn(trial.MARK + 'Virtual', self.run_cli('lookup', TINY, '0x4a3e000').stdout)
        self.assertIn(trial.MARK + 'no command', self.run_cli().stderr)
        # Of the libraries: a sentence of core.
        self.assertIn(trial.MARK, self.run_cli('info', '/').stderr)

    def test_wide_headings_keep_columns_in_line(self):
        for command in (['ps'], ['lookup', '0x4a3e000'], ['maps', '88'], ['shared', '--pid=86,87']):
            with self.subTest(command[0]):
                options = [word for word in command[1:] if word.startswith('--')]
                rest = [word for word in command[1:] if not word.startswith('--')]
                shown = self.run_cli(command[0], '--quiet', *options, TINY, *rest).stdout
                lines = shown.splitlines()
                rule = next(i for i, line in enumerate(lines) if re.fullmatch('[- ]+', line))
                heading, row = lines[rule - 1], lines[rule + 1]
                self.assertIn(trial.MARK, heading)
                starts = starts_of_columns(lines[rule])
                self.assertGreater(len(starts), 3)
                # A long name may run over the end of its column, which none does at the beginning.
                for line, checked in ((heading, starts[1:]), (row, starts[1:4])):
                    for start in checked:
                        self.assertEqual(self.cell_before(line, start), ' ', f'{line!r} at {start}')

    def cell_before(self, line, column):
        """The character that ends right before a column, or a blank behind the end."""
        at = 0
        for c in line:
            at += width(c)
            if at == column:
                return c
            if at > column:
                return f'{c} across'
        return ' '

    def test_what_programs_read_is_the_same_in_every_language(self):
        for arguments in (
            ['lookup', '--format=csv', TINY, '0x4a3e000'],
            ['ps', '--format=json', TINY],
            ['maps', '--format=csv', TINY, '88'],
            ['vtop', '--format=csv', TINY, '88', '0x7fe716315000'],
            ['frames', '--format=json', TINY],
            ['info', '--format=csv', TINY],
        ):
            with self.subTest(arguments[0]):
                here = self.run_cli(*arguments, '--quiet').stdout
                self.assertEqual(here, self.run_cli(*arguments, '--quiet', language='en').stdout)
                self.assertNotIn(trial.MARK, here)
        rows = csv.DictReader(io.StringIO(here))
        self.assertIn('Host name', [row['property'] for row in rows])


if __name__ == '__main__':
    unittest.main()
