#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""check-source.py [ROOT] : the project's own linter.

Checks what no compiler does: licence lines, which room may know which, calls that a guest in
somebody's editor must not make, sources of magic numbers, the form of text, file names, and the
list of translatable files. Prints one finding a line (FILE:LINE: what, and what to do) and exits 1
if there is one.

It reads text, it does not parse C: each rule that is a heuristic says so at its function."""

import os
import re
import subprocess
import sys

# The rooms of the house, left to right; each knows those before it. A public header stands
# directly in core/ but belongs to the room whose words it defines.
ROOMS = ['base', 'image', 'paging', 'os', 'index', 'core', 'ui', 'plugin']
PUBLIC_HEADER_ROOM = {
    'p2v-types.h': 'base',
    'p2v-cache.h': 'index',
    'p2v-frame.h': 'os',
    'p2v-image.h': 'image',
    'p2v-mapping.h': 'base',
    'p2v-process.h': 'base',
    'p2v-system.h': 'os',
}

TEXT = (
    '.c',
    '.h',
    '.py',
    '.sh',
    '.build',
    '.ui',
    '.css',
    '.xml',
    '.in',
    '.md',
    '.txt',
    '.desktop',
    '.recipe',
    '.po',
    '.1',
    '.yml',
)
LICENSED = ('.c', '.h', '.py', '.sh', '.build', '.ui', '.css', '.xml')
MAX_COLUMNS = 100
LONG_LINES = ('.c', '.h', '.py', '.sh', '.build')
MAX_BINARY_BYTES = 16 * 1024
MAX_PICTURE_BYTES = 200 * 1024
# Folders of plugin/ that are no front doors: what those share.
SHARED_BY_DOORS = ('hex',)
# The rig runs in a guest as pid 1 and as a kernel module: it maps memory and prints by trade.
GUEST = ('tests/vm/guest/', 'tests/vm/kmod/')

EVERYWHERE = [
    (r'\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(', 'has no bounds'),
    (r'\bgoto\b', 'use g_autoptr or a function of its own'),
    (
        r'__attribute__\s*\(\(\s*(__)?packed|\bG_GNUC_PACKED\b|#\s*pragma\s+pack',
        'packed structs are not laid over foreign bytes; use P2vReader',
    ),
]
IN_LIBRARIES = [
    (
        r'\b(mmap|mmap64|g_mapped_file_\w+)\s*\(',
        'a mapped file that shrinks kills our host; use pread',
    ),
    (
        r'\b(printf|fprintf|vprintf|puts|putchar|fputs|perror|g_print|g_printerr)\s*\(',
        'a library does not print',
    ),
    (r'\b(stdout|stderr)\b', 'a library does not print'),
    (r'\bg_error\s*\(', 'aborts our host; return a GError'),
    (
        r'\b(setlocale|signal|sigaction|exit|_exit|abort|chdir|setenv|putenv)\s*\(',
        'changes the whole process, and we are guests in it',
    ),
]
# xgettext knows the macros of inttypes.h within a text, but not GLib's.
CUT_TEXT = (
    r'\b(?:N?C?_|Q_|ngettext)\s*\((?:\s*(?:"(?:\\.|[^"\\])*"|PRI\w+))*'
    r'\s*(G_\w+_(?:MODIFIER|FORMAT))'
)

# Where programs speak to people, and the calls and properties that show text.
SPEAKING = ('core/', 'ui/', 'plugin/')
SHOWN = (
    r'\b(?:gtk_label_new\w*|gtk_button_new_with_\w+'
    r'|gtk_(?:widget|label|button|window|tooltip)_set_(?:text|label|title|markup|tooltip_text)'
    r'|gtk_file_chooser_native_new'
    r'|adw_\w+_set_(?:title|subtitle|description)|pas2vas_report\w*|pas2vas_note)'
    r'\s*\((?:[^()";]|\([^()]*\))*?"([^"%]*[A-Za-z]{2}[^"]*)"'
)
PART_OF_A_SENTENCE = r'\b(?:N?C?_|Q_)\s*\(\s*"( [^"]*|[^"]*[^:"] )"\s*\)'
SHOWN_IN_UI = (
    r'<(?:property|attribute) name="(?:label|title|subtitle|description|tooltip-text'
    r'|placeholder-text|text|heading)"(?![^>]*translatable)(?![^>]*bind-)[^>]*>'
    r'([^<]*[A-Za-z]{2}[^<]*)<'
)


def tracked(root):
    """The project's files, relative: git's if this is a clone, else all but build folders."""
    try:
        git = subprocess.run(
            [
                'git',
                '-c',
                'safe.directory=*',
                '-C',
                root,
                'ls-files',
                '-z',
                '--cached',
                '--others',
                '--exclude-standard',
                '--deduplicate',
            ],
            capture_output=True,
            check=True,
        ).stdout.decode()
        top = (
            subprocess.run(
                ['git', '-c', 'safe.directory=*', '-C', root, 'rev-parse', '--show-toplevel'],
                capture_output=True,
                check=True,
            )
            .stdout.decode()
            .strip()
        )
        if os.path.realpath(top) == os.path.realpath(root):
            return sorted(f for f in git.split('\0') if f and os.path.isfile(os.path.join(root, f)))
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, folders, files in os.walk(root):
        at_top = os.path.samefile(folder, root)
        folders[:] = [
            d
            for d in folders
            if d not in ('.git', '__pycache__') and not (at_top and d.startswith('build'))
        ]
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(f for f in found if not f.endswith('.pyc'))


def blank(match):
    """Spaces in place of what was matched, its lines kept, so that line numbers stay true."""
    return re.sub(r'[^\n]', ' ', match.group(0))


def strip_c(text):
    """C without comments and without what stands in quotes."""

    def one(match):
        token = match.group(0)
        return token[0] + token[-1] if token[0] in '"\'' else blank(match)

    return re.sub(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', one, text, flags=re.S
    )


def room_of(path):
    """The room a file stands in, or None for what is no part of the house (tests, data)."""
    parts = path.split('/')
    if parts[0] == 'core':
        if len(parts) > 2:
            return parts[1] if parts[1] in ROOMS else None
        return PUBLIC_HEADER_ROOM.get(parts[1], 'core')
    return parts[0] if parts[0] in ('ui', 'plugin') else None


class Checker:
    def __init__(self, root):
        self.root = root
        self.findings = []
        self.files = tracked(root)
        self.known = set(self.files)

    def report(self, path, line, message):
        self.findings.append((path, line, message))

    def run(self):
        for path in self.files:
            with open(os.path.join(self.root, path), 'rb') as f:
                data = f.read()
            self.check_name(path)
            self.check_binary(path, data)
            text = self.decode(path, data)
            if text is None:
                continue
            self.check_text(path, text)
            self.check_licence(path, text)
            if path.endswith(('.c', '.h')):
                self.check_c(path, text)
            if path.startswith(SPEAKING) and path.endswith(('.c', '.ui')):
                self.check_words(path, text)
        self.check_potfiles()
        return sorted(set(self.findings))

    def decode(self, path, data):
        script = data.startswith(b'#!')
        named = path.endswith(TEXT) or os.path.basename(path) in (
            'POTFILES.in',
            'LINGUAS',
            '.gitignore',
        )
        if b'\0' in data or not (script or named):
            return None
        try:
            return data.decode('utf-8')
        except UnicodeDecodeError as error:
            self.report(path, data[: error.start].count(b'\n') + 1, 'is not UTF-8')
            return None

    def check_name(self, path):
        words = re.split(r'[-_.]', os.path.basename(path).lower())
        for word in set(words) & {
            'util',
            'utils',
            'misc',
            'common',
            'helper',
            'helpers',
            'manager',
        }:
            self.report(
                path, 1, f'a file named "{word}" is a drawer for everything; name what it is'
            )

    def check_binary(self, path, data):
        if b'\0' not in data[:8192] or path.startswith('data/demo/'):
            return
        limit = MAX_BINARY_BYTES
        if path.startswith('data/') and path.endswith('.png'):
            limit = MAX_PICTURE_BYTES
        if len(data) > limit:
            self.report(
                path,
                1,
                f'is binary and has {len(data)} bytes, limit {limit}: '
                'commit a recipe that makes it',
            )

    def check_text(self, path, text):
        guest = path.startswith(GUEST)
        code = path.endswith(LONG_LINES) or text.startswith('#!')
        prose = path.startswith('LICENSES/') or path.startswith('data/demo/')
        if prose:
            return
        if text and not text.endswith('\n'):
            self.report(path, text.count('\n') + 1, 'the last line has no end')
        for number, line in enumerate(text.split('\n'), 1):
            if '\t' in line and not guest:
                self.report(path, number, 'a tab; use spaces')
            if line != line.rstrip(' \t\r'):
                self.report(path, number, 'blanks at the end of the line')
            if code and not guest and len(line) > MAX_COLUMNS:
                self.report(path, number, f'{len(line)} columns, limit {MAX_COLUMNS}')
            if re.search(r'\b(TO[D]O|FIX[M]E)\b', line):
                self.report(path, number, 'an unfinished thought; finish it or open an issue')

    def check_licence(self, path, text):
        if not (
            path.endswith(LICENSED)
            or text.startswith('#!')
            or os.path.basename(path) == 'meson_options.txt'
        ):
            return
        head = '\n'.join(text.split('\n')[:6])
        found = re.search(r'SPDX-License-Identifier:\s*([\w.+-]+)', head)
        if not found:
            self.report(path, 1, 'no SPDX-License-Identifier in the first lines')
            return
        licence = found.group(1)
        if not os.path.exists(os.path.join(self.root, 'LICENSES', licence + '.txt')):
            self.report(path, 1, f'LICENSES/{licence}.txt is missing')
        if (
            path.endswith(('.c', '.h'))
            and re.search(r'#\s*include\s*[<"]gtkhex', text)
            and not licence.startswith('GPL-')
        ):
            self.report(path, 1, f'includes gtkhex (GPL), but says {licence}; use GPL-2.0-or-later')
        if room_of(path) not in (None, 'plugin') and licence != 'LGPL-2.1-or-later':
            self.report(path, 1, f'core and ui are LGPL-2.1-or-later, this says {licence}')

    def check_c(self, path, text):
        code = strip_c(text)
        lines = code.split('\n')
        if path.startswith(GUEST):
            return
        if path.endswith('.h') and '#pragma once' not in code:
            self.report(path, 1, 'a header without #pragma once')
        self.check_includes(path, text)
        rules = EVERYWHERE + (IN_LIBRARIES if path.startswith(('core/', 'ui/')) else [])
        for number, line in enumerate(lines, 1):
            for pattern, why in rules:
                hit = re.search(pattern, line)
                if hit:
                    self.report(path, number, f'"{hit.group(0).strip(" (")}": {why}')
        for hit in re.finditer(CUT_TEXT, text):
            number = text[: hit.start(1)].count('\n') + 1
            self.report(path, number,
                        f'{hit.group(1)} ends the text for translators; use PRIx64 and its kin')
        if path.startswith(('core/', 'ui/')):
            self.check_statics(path, code)
        if path.startswith('core/'):
            self.check_sources(path, text.split('\n'), code)

    def resolve(self, path, included):
        """The project's file an #include names, or None for one of the system's."""
        for base in (os.path.dirname(path), 'core', 'ui', ''):
            candidate = os.path.normpath(os.path.join(base, included))
            if candidate in self.known:
                return candidate
        return None

    def check_includes(self, path, text):
        room = room_of(path)
        for number, line in enumerate(text.split('\n'), 1):
            hit = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if not hit:
                continue
            included = hit.group(1)
            within = room == 'plugin' or path.startswith('tests/ghex/')
            if re.match(r'(gtkhex|adwaita|libadwaita)', included) and not within:
                self.report(path, number, f'only plugin/ may know <{included}>')
            if path.startswith('core/') and re.match(r'(gtk|gdk|gsk|pango|graphene)\b', included):
                self.report(path, number, f'core does not know GTK: <{included}>')
            target = self.resolve(path, included)
            if room is not None and target is not None:
                self.check_direction(path, number, room, target)

    def check_direction(self, path, number, room, target):
        other = room_of(target)
        if other is None:
            return
        if room in ('ui', 'plugin') and target.startswith('core/') and target != 'core/pas2vas.h':
            self.report(path, number, f'{room} knows <pas2vas.h> only, not {target}')
        elif path != 'core/pas2vas.h' and ROOMS.index(other) > ROOMS.index(room):
            self.report(
                path, number, f'{target} is of the room "{other}", which "{room}" must not know'
            )
        elif room == other == 'plugin' and target.split('/')[1] not in (
            path.split('/')[1],
            *SHARED_BY_DOORS,
        ):
            self.report(path, number, f'one front door does not know another: {target}')

    def check_statics(self, path, code):
        """Heuristic: a definition that begins with "static", is no function, and whose object is
        not const. GObject's arrays of properties and signals are the one custom we allow: they are
        written once, in class_init."""
        for hit in re.finditer(
            r'^[ \t]*static\s+(?!inline)([^;={]*?)\s*(\[[^;={]*)?([;={])', code, flags=re.M
        ):
            declared = hit.group(1) + (hit.group(2) or '')
            if '(' in declared and '(*' not in declared.replace(' ', ''):
                continue
            if re.search(
                r'GParamSpec\s*\*\s*\w+\s*\[|\bguint\s+\w*signals\w*\s*\[|\binline\b', declared
            ):
                continue
            after_star = declared.rsplit('*', 1)[-1]
            if not re.search(r'\bconst\b', after_star):
                number = code[: hit.start()].count('\n') + 1
                name = ' '.join(declared.split())
                self.report(path, number, f'"static {name}" can change: no state outside objects')

    def check_sources(self, path, raw, code):
        """Heuristic: a hexadecimal number of four digits or more in a #define, an enum or a table
        needs "Source:" at most 15 lines above, on the line, or in the lines just above its table.
        Masks of all ones are arithmetic, not facts."""
        blocks = data_lines(code)
        for number, line in enumerate(code.split('\n'), 1):
            block = blocks.get(number)
            if not (re.match(r'\s*#\s*define\b', line) or block):
                continue
            values = re.findall(r'\b0[xX]([0-9a-fA-F]{4,})', line)
            if not any(set(v.lower()) - {'f'} for v in values):
                continue
            first = min(number, block or number) - 15
            above = raw[max(0, first - 1) : number]
            if not any(re.search(r'\bSource\b[^.]{0,60}:', text) for text in above):
                self.report(path, number, f'0x{values[0]} without a "Source:" beside it')

    def check_words(self, path, text):
        """What a person reads can be translated, and as a whole. A heuristic: it knows the calls
        and properties that show text, and takes what has letters for words."""
        if path.endswith('.c'):
            text = re.sub(r'/\*.*?\*/', blank, text, flags=re.S)
            found = [(hit, 'is shown, but not marked with _()') for hit in re.finditer(SHOWN, text)]
            # A prefix ends with a colon and a blank.
            found += [
                (hit, 'begins or ends with a blank: only whole sentences can be translated')
                for hit in re.finditer(PART_OF_A_SENTENCE, text)
            ]
        else:
            found = [
                (hit, 'is shown, but not marked with translatable="yes"')
                for hit in re.finditer(SHOWN_IN_UI, text)
            ]
        for hit, message in found:
            line = text[: hit.start()].count('\n') + 1
            self.report(path, line, f'"{hit.group(1).strip()}" {message}')

    def check_potfiles(self):
        listing = 'po/POTFILES.in'
        if listing not in self.known:
            self.report(listing, 1, 'is missing')
            return
        with open(os.path.join(self.root, listing), encoding='utf-8') as f:
            rows = [
                (n, l.strip()) for n, l in enumerate(f, 1) if l.strip() and not l.startswith('#')
            ]
        names = [name for _, name in rows]
        for (number, name), before in zip(rows, [''] + names):
            if name < before:
                self.report(listing, number, f'{name} is not in alphabetical order')
            if name == before:
                self.report(listing, number, f'{name} is listed twice')
            if name not in self.known:
                self.report(listing, number, f'{name} does not exist')
            elif not self.translatable(name):
                self.report(listing, number, f'{name} has no translatable text')
        for path in self.files:
            if path.startswith(('core/', 'ui/', 'plugin/', 'data/')) and path not in names:
                number = self.translatable(path)
                if number:
                    self.report(path, number, f'has translatable text, but is not in {listing}')

    def translatable(self, path):
        """The line of the first translatable text in a file, or 0."""
        if path.endswith(('.desktop', '.metainfo.xml', '.gschema.xml')):
            return 1
        if not path.endswith(('.c', '.h', '.ui', '.xml')):
            return 0
        with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as f:
            text = f.read()
        pattern = r'<mime-info' if path.endswith('.xml') else r'translatable="(yes|true)"'
        if path.endswith(('.c', '.h')):
            # Not in a comment; the quote tells a call from the macro's own definition.
            text = re.sub(r'/\*.*?\*/', blank, text, flags=re.S)
            pattern = r'\b(N?C?_|Q_|(?:d?c?n|g_dn)gettext)\s*\(\s*(?:GETTEXT_PACKAGE,\s*)?"'
        hit = re.search(pattern, text)
        return text[: hit.start()].count('\n') + 1 if hit else 0


def data_lines(code):
    """{line: first line of its block} for the lines inside an enum, a struct or an initializer
    at file scope, as opposed to the body of a function."""
    inside = {}
    depth = start = 0
    is_data = False
    head = ''
    for number, line in enumerate(code.split('\n'), 1):
        if re.match(r'\s*#', line):
            continue
        if depth and is_data:
            inside[number] = start
        for char in line:
            if char == '{':
                if depth == 0:
                    start = number
                    is_data = '=' in head or re.search(r'\b(enum|struct|union)\b', head) is not None
                    is_data = is_data and not head.rstrip().endswith(')')
                    if is_data:
                        inside[number] = start
                depth += 1
            elif char == '}':
                depth = max(0, depth - 1)
                head = '' if depth == 0 else head
            elif depth == 0:
                head = '' if char == ';' else head + char
        if depth == 0:
            head += ' '
    return inside


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else os.path.join(os.path.dirname(__file__), '..')
    checker = Checker(root)
    findings = checker.run()
    for path, line, message in findings:
        print(f'{path}:{line}: {message}')
    print(f'{len(checker.files)} files checked, {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))
