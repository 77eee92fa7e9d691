#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""test-check-source.py CHECKER : plants violations in a small tree and wants each one found, at its
line; and wants what is right to be left alone."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

CHECKER = os.path.abspath(sys.argv.pop(1))
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location('check_source', CHECKER)
check_source = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_source)

LGPL = '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n'
UNFINISHED = 'TO' + 'DO'


class Tree(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write('LICENSES/LGPL-2.1-or-later.txt', 'text\n')
        self.write('LICENSES/GPL-2.0-or-later.txt', 'text\n')
        self.write('po/POTFILES.in', '')

    def write(self, path, text):
        full = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, 'wb') as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def check(self):
        found = check_source.Checker(self.folder.name).run()
        return [f'{path}:{line}: {message}' for path, line, message in found]

    def assert_found(self, place, words):
        found = self.check()
        self.assertTrue(
            any(f.startswith(place + ': ') and words in f for f in found),
            f'{place}: ...{words}... is not in {found}',
        )

    def assert_code_found(self, path, body, words):
        """The violation stands in the second line."""
        self.write(path, LGPL + body)
        self.assert_found(path + ':2', words)

    def assert_code_clean(self, path, body):
        self.write(path, LGPL + body)
        self.assertEqual(self.check(), [])

    def test_findings_are_printed_and_fail_the_run(self):
        for text, status, lines in ((LGPL, 0, 1), ('x\n', 1, 2)):
            self.write('core/a.c', text)
            run = subprocess.run(
                [sys.executable, CHECKER, self.folder.name],
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((run.returncode, run.stderr), (status, ''))
            self.assertEqual(len(run.stdout.splitlines()), lines)

    def test_clean_tree_has_no_findings(self):
        self.assert_code_clean('core/base/p2v-a.c', 'int\nf (void)\n{\n  return 0;\n}\n')

    def test_file_without_licence_is_found(self):
        for name in ('core/a.c', 'meson.build', 'tests/a.py'):
            self.write(name, 'x\n')
            self.assert_found(name + ':1', 'SPDX')

    def test_script_without_a_suffix_needs_a_licence_too(self):
        self.write('plugin/start', '#!/bin/sh\ntrue\n')
        self.assert_found('plugin/start:1', 'SPDX')

    def test_gtkhex_needs_the_gpl(self):
        self.write('plugin/viewer/a.c', LGPL + '#include <gtkhex.h>\n')
        self.assert_found('plugin/viewer/a.c:1', 'GPL')

    def test_room_to_the_right_is_found(self):
        self.write('core/os/p2v-o.h', LGPL + '#pragma once\n')
        self.assert_code_found('core/paging/p2v-p.c', '#include "os/p2v-o.h"\n', 'must not know')

    def test_room_to_the_left_is_fine(self):
        self.write('core/base/p2v-b.h', LGPL + '#pragma once\n')
        self.assert_code_clean('core/paging/p2v-p.c', '#include "base/p2v-b.h"\n')

    def test_ui_that_looks_into_core_is_found(self):
        self.write('core/base/p2v-b.h', LGPL + '#pragma once\n')
        self.assert_code_found('ui/p2v-u.c', '#include "base/p2v-b.h"\n', 'pas2vas.h')

    def test_ui_with_the_public_header_is_fine(self):
        self.write('core/pas2vas.h', LGPL + '#pragma once\n')
        self.assert_code_clean('ui/p2v-u.c', '#include <pas2vas.h>\n')

    def test_gtk_in_core_is_found(self):
        self.assert_code_found('core/base/p2v-a.c', '#include <gtk/gtk.h>\n', 'GTK')

    def test_gtkhex_outside_plugin_is_found(self):
        self.write('ui/p2v-u.c', LGPL + '#include <gtkhex.h>\n')
        self.assert_found('ui/p2v-u.c:2', 'plugin')

    def test_front_door_that_knows_another_is_found(self):
        self.write('plugin/cli/cli.h', LGPL + '#pragma once\n')
        self.write('plugin/viewer/v.c', LGPL + '#include "../cli/cli.h"\n')
        self.assert_found('plugin/viewer/v.c:2', 'front door')

    def test_front_doors_know_what_they_share_and_not_the_other_way_round(self):
        self.write('plugin/hex/h.h', LGPL + '#pragma once\n')
        self.write('plugin/cli/cli.h', LGPL + '#pragma once\n')
        self.write('plugin/viewer/v.c', LGPL + '#include "../hex/h.h"\n')
        self.write('plugin/hex/h.c', LGPL + '#include "../cli/cli.h"\n')
        self.assert_found('plugin/hex/h.c:2', 'front door')
        self.assertEqual(len(self.check()), 1)

    def test_forbidden_calls_are_found(self):
        for call in (
            'strcpy (a, b);',
            'sprintf (a, "x");',
            'goto out;',
            'p = mmap (0, 1);',
            'g_print ("x");',
            'fputs ("x", stdout);',
            'setlocale (LC_ALL, "");',
            'sigaction (1, a, b);',
            'struct s { int a; } __attribute__((packed));',
            'g_error ("x");',
        ):
            self.assert_code_found('core/base/p2v-a.c', f'void f (void) {{ {call} }}\n', '')

    def test_forbidden_word_in_comment_or_string_is_fine(self):
        self.assert_code_clean(
            'core/base/p2v-a.c',
            '/* goto, never\n * mmap () */\nconst char *const s = "goto strcpy (";\n',
        )

    def test_program_may_print(self):
        self.assert_code_clean('plugin/cli/a.c', 'void f (void) { printf ("x"); }\n')

    def test_state_outside_objects_is_found(self):
        for line in (
            'static int n;',
            'static const char *names[] = { "a" };',
            'static GHashTable *all;',
            'static void (*hook) (void) = NULL;',
        ):
            self.assert_code_found('core/base/p2v-a.c', line + '\n', 'can change')

    def test_constants_and_functions_are_fine(self):
        self.assert_code_clean(
            'core/base/p2v-a.c',
            'static const int n = 1;\nstatic const char *const names[] = { "a" };\n'
            'static int f (int a);\nstatic GParamSpec *properties[3];\n'
            'static guint signals[2];\nstatic inline int\ng (int x)\n{\n'
            '  return x;\n}\nstatic gboolean\nh (GObject *a,\n   int      b)\n{\n'
            '  return a == b;\n}\n',
        )

    def test_magic_number_without_source_is_found(self):
        self.assert_code_found('core/base/p2v-a.c', '#define MAGIC 0x4c694d45\n', 'Source:')
        self.write('core/base/p2v-a.c', LGPL + 'static const int t[] = {\n  0x1234,\n};\n')
        self.assert_found('core/base/p2v-a.c:3', 'Source:')

    def test_magic_number_with_source_is_fine(self):
        self.assert_code_clean(
            'core/base/p2v-a.c', '/* Source: the manual, 4.5. */\n#define MAGIC 0x4c694d45\n'
        )

    def test_mask_of_ones_and_number_in_a_function_are_fine(self):
        self.assert_code_clean(
            'core/base/p2v-a.c', '#define ALL 0xffff\nint\nf (int x)\n{\n  return x == 0x1000;\n}\n'
        )

    def test_form_of_text_is_checked(self):
        for line, words in (
            ('\tint a;', 'tab'),
            ('int a; ', 'blanks'),
            (f'/* {UNFINISHED} */', 'unfinished'),
            ('/* ' + 'x' * 100 + ' */', 'columns'),
        ):
            self.assert_code_found('tests/a.c', line + '\n', words)

    def test_drawer_for_everything_is_found(self):
        self.write('core/base/p2v-utils.c', LGPL)
        self.assert_found('core/base/p2v-utils.c:1', 'utils')

    def test_binary_is_found_but_not_in_the_demo(self):
        self.write('tests/a.bin', bytes(20000))
        self.write('data/demo/a.bin', bytes(20000))
        self.assertEqual([f.split(':')[0] for f in self.check()], ['tests/a.bin'])

    def test_file_missing_in_potfiles_is_found(self):
        self.assert_code_found('plugin/cli/a.c', 'const char *s = _("x");\n', 'POTFILES')

    def test_translatable_text_in_a_comment_needs_no_listing(self):
        self.assert_code_clean('core/a.h', '#pragma once\n/* Use _("x"). */\n')

    def test_text_that_xgettext_cuts_is_found(self):
        self.write('po/POTFILES.in', 'core/a.c\n')
        self.assert_code_found(
            'core/a.c', 'const char *s = _("at 0x%" G_GINT64_MODIFIER "x");\n', 'PRIx64'
        )
        self.assert_code_clean('core/a.c', 'const char *s = _("at 0x%" PRIx64 " in");\n')

    def test_data_for_desktops_is_translatable(self):
        for name in ('a.desktop', 'a.metainfo.xml', 'a.gschema.xml'):
            self.write('data/' + name, '<!-- SPDX-License-Identifier: CC0-1.0 -->\n')
            self.assert_found(f'data/{name}:1', 'POTFILES')
        self.write('data/a.xml', '<!-- SPDX-License-Identifier: CC0-1.0 -->\n<mime-info/>\n')
        self.assert_found('data/a.xml:2', 'POTFILES')

    def test_shown_text_that_is_not_marked_is_found(self):
        self.assert_code_found('ui/a.c', 'int a = gtk_label_new ("Physical");\n', 'not marked')
        self.assert_code_found(
            'ui/a.c', 'int a = gtk_widget_set_tooltip_text (f (b), "More");\n', 'not marked'
        )
        self.assert_code_clean('ui/a.c', 'int a = gtk_label_new ("") + g (b, "name");\n')
        for line, words in (
            ('<property name="label">Go</property>', 'translatable'),
            ('<attribute name="label">_Go</attribute>', 'translatable'),
        ):
            self.write('ui/a.ui', f'<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n{line}\n')
            self.assert_found('ui/a.ui:2', words)
        self.write(
            'ui/a.ui',
            '<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n'
            '<property name="label">→</property>\n'
            '<property name="name">physical</property>\n',
        )
        self.assertEqual(self.check(), [])

    def test_part_of_a_sentence_is_found(self):
        self.write('po/POTFILES.in', 'ui/a.c\n')
        self.assert_code_found('ui/a.c', 'const char *s = _(" and so on");\n', 'whole sentences')
        self.assert_code_found('ui/a.c', 'const char *s = _("on the list, ");\n', 'whole sentences')
        self.assert_code_clean('ui/a.c', 'const char *s = _("“%s”: ");\n')

    def test_unsorted_and_idle_potfiles_are_found(self):
        for name in ('a', 'b'):
            self.write(f'ui/{name}.c', LGPL + 'const char *s = N_("x");\n')
        self.write('ui/c.c', LGPL)
        self.write('po/POTFILES.in', 'ui/b.c\nui/a.c\nui/c.c\nui/gone.c\n')
        found = self.check()
        self.assertEqual(
            [f.split(': ')[0] for f in found],
            ['po/POTFILES.in:2', 'po/POTFILES.in:3', 'po/POTFILES.in:4'],
        )


if __name__ == '__main__':
    unittest.main()
