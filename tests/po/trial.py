# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""A trial language: every message marked at its beginning, and otherwise as it was. What is shown
without the mark was not translated."""

import os
import re
import subprocess

# Twice as wide as a Latin letter: what counts bytes or characters goes out of line.
MARK = '訳'
DOMAIN = 'pas2vas'


def run(*command, **options):
    """Runs a program and returns what it says; AssertionError with all of it if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f'{" ".join(command)}:\n{done.stdout}{done.stderr}')
    return done.stdout + done.stderr


def make_pot(source, path, arguments):
    """All messages of the source, extracted as the build does."""
    # Files without an extension that xgettext knows are told by their ITS rules.
    run('xgettext', f'--package-name={DOMAIN}', '--files-from=po/POTFILES.in', f'--output={path}',
        *arguments, cwd=source)


def mark(po):
    """A PO file without translations, with the trial's put in."""
    head, *entries = po.rstrip('\n').split('\n\n')
    head = head.replace('nplurals=INTEGER; plural=EXPRESSION', 'nplurals=2; plural=n != 1')
    head = head.replace('charset=CHARSET', 'charset=UTF-8').replace('#, fuzzy\n', '')
    return '\n\n'.join([head] + [mark_entry(entry) for entry in entries]) + '\n'


def mark_entry(entry):
    """One message, with its plural if it has one."""
    marked = [re.sub(r'^msgstr.*\n?', '', entry, flags=re.M).rstrip('\n')]
    texts = re.findall(r'^msgid(?:_plural)? ((?:".*"\n)+)', entry, re.M)
    if len(texts) == 1:
        marked.append(f'msgstr "{MARK}"\n{texts[0]}'.rstrip('\n'))
    else:
        for i, text in enumerate(texts):
            marked.append(f'msgstr[{i}] "{MARK}"\n{text}'.rstrip('\n'))
    return '\n'.join(marked)


def make_language(pot, folder, language):
    """Compiles the trial as one language below a folder of translations; returns its PO file."""
    messages = os.path.join(folder, language, 'LC_MESSAGES')
    os.makedirs(messages, exist_ok=True)
    path = os.path.join(folder, language + '.po')
    with open(pot, encoding='utf-8') as f:
        po = mark(f.read())
    with open(path, 'w', encoding='utf-8') as f:
        f.write(po)
    run('msgfmt', '--check-format', '--check-domain', path, '-o',
        os.path.join(messages, DOMAIN + '.mo'))
    return path
