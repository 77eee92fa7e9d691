#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The pas2vas authors
"""The real, unmodified GHex with the panel in it: click, hover, views, tabs, keys, restart."""

import csv
import io
import os
import random
import re
import shutil
import subprocess
import sys
import time
import unittest

import ghex
import trial

TINY = os.environ['P2V_TINY_IMAGE']
CLI = os.path.join(os.environ['P2V_TEST_BUILD'], 'plugin', 'cli', 'pas2vas')
# Where one process maps the same page three times (data/demo/linux-tiny/README.md).
TWICE = 0x4A3E010
TWICE_VA = 0x7FE716315010
N_POINTS = 100
# Of the map of memory, and of the tiny image.
CELL = 5
N_FRAMES = 76 * 1024**2 // 4096


def lookup(environment, image, offset):
    """What the command line says of a byte of the file: (pid, virtual address) of each row."""
    answer = subprocess.run(
        [CLI, 'lookup', '--quiet', '--format=csv', '--file-offset', image, hex(offset)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    rows = csv.DictReader(io.StringIO(answer.stdout))
    return [[int(row['pid']), int(row['virtual'], 0)] for row in rows]


def shows_cursor(state, bytes_per_line):
    """Whether the cursor is on the screen, in lines of that many bytes."""
    line = state['cursor'] // bytes_per_line
    n_lines = -(-state['size'] // bytes_per_line)
    return state['lines'] == n_lines and state['top'] <= line < state['top'] + state['page']


class GhexTest(unittest.TestCase):
    def setUp(self):
        self.desk = ghex.Desk()
        self.addCleanup(self.desk.close)

    def start(self, *files, **environment):
        started = ghex.Ghex(self.desk, *files, **environment)
        self.addCleanup(started.end)
        return started

    def open_tiny(self, **environment):
        started = self.start(TINY, **environment)
        started.wait_for_index()
        return started

    def go_to(self, host, address):
        host.jump(address)
        return host.wait_for('the cursor', cursor=address, pa=address, answer_pa=address)

    def random_points(self, state):
        """Points in the digits and in the characters."""
        source = random.Random(6)
        for i in range(N_POINTS):
            x, y, width, height = state['hex-display' if i % 3 else 'ascii-display']
            yield x + source.randrange(width - 4), y + source.randrange(height)

    def test_keys_and_clicks_show_who_maps_the_byte(self):
        host = self.open_tiny()
        state = self.go_to(host, TWICE)
        self.assertEqual(state['rows'][0], [88, TWICE_VA])
        self.assertEqual(len(state['rows']), 3)
        self.assertIn('rl-twice', state['panel_text'])
        host.picture('ghex-1-rows')
        for x, y in list(self.random_points(state))[:20]:
            host.click(x, y)
            time.sleep(0.02)
            cursor = host.state()['cursor']
            state = host.wait_for('the answer', cursor=cursor, pa=cursor, answer_pa=cursor)
            self.assertEqual(state['rows'], lookup(host.environment, TINY, cursor))
        self.assertEqual(host.close_window(), 0)

    def test_tooltip_is_of_the_byte_that_a_click_would_take(self):
        host = self.open_tiny()
        state = self.go_to(host, TWICE)
        n_hits = 0
        before = state['cursor']
        for x, y in self.random_points(state):
            # Away first, so that the tooltip that is read is the one of this point.
            host.point(state['panel'][0] + 5, state['panel'][1] + 5)
            host.wait_until(lambda: 'tooltip' not in host.state(), 'no tooltip')
            tooltip = self.hover(host, x, y)
            if n_hits == 0 and tooltip is not None:
                time.sleep(0.5)
                host.picture('ghex-2-tooltip')
            host.click(x, y)
            time.sleep(0.02)
            cursor = host.state()['cursor']
            if tooltip is not None:
                self.assertIn(f'file offset {cursor:#x}', tooltip)
                n_hits += 1
            else:
                # Right of the last digit of a line there is no byte, and a click does nothing.
                self.assertEqual(cursor, before, f'no tooltip at {x}, {y} of {state}')
            before = cursor
        self.assertGreater(n_hits, N_POINTS // 2)

    def hover(self, host, x, y):
        """The tooltip's text, or None. The pointer comes from the side, and then rests: what is
        said twice is no longer of a place on its way."""
        host.point(x, y - 3)
        host.point(x, y)
        deadline = time.monotonic() + 2
        before = None
        while time.monotonic() < deadline:
            tooltip = host.state().get('tooltip')
            if tooltip is not None and tooltip == before:
                return tooltip
            before = tooltip
            time.sleep(0.1)
        return None

    def test_views_keep_the_cursor_on_the_same_byte(self):
        host = self.open_tiny()
        self.go_to(host, TWICE)
        self.choose_view(host, 'rl-twice')
        state = host.wait_for('the process', view='rl-twice (88)', cursor=TWICE_VA, pa=TWICE)
        self.assertGreater(state['size'], 0x7FE716315010)
        # The addresses are longer, and the lines shorter; the cursor is still to be seen.
        host.wait_until(lambda: shows_cursor(host.state(), 8), 'the cursor')
        time.sleep(0.3)
        self.assertTrue(shows_cursor(host.state(), 8))
        host.picture('ghex-3-process')
        self.choose_view(host, 'Physical')
        host.wait_for('physical memory', view='Physical memory', cursor=TWICE)
        self.choose_view(host, 'File')
        host.wait_for('the file', view='File', cursor=TWICE)

    def translate(self, pid, va):
        """Where the command line says that a virtual address leads."""
        answer = subprocess.run(
            [CLI, 'vtop', TINY, str(pid), hex(va)],
            env=self.desk.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(re.search(r'^Physical: (0x[0-9a-f]+)$', answer.stdout, re.M).group(1), 16)

    def test_keys_step_through_pages_and_lead_back(self):
        host = self.open_tiny()
        self.go_to(host, TWICE)
        for n_pages in (1, 2):
            wanted = self.translate(88, TWICE_VA + n_pages * 0x1000)
            host.press('alt+Right')
            host.wait_for('the next page', cursor=wanted, pa=wanted, answer_pa=wanted)
        host.press('alt+Left')
        wanted = self.translate(88, TWICE_VA + 0x1000)
        host.wait_for('the page before', cursor=wanted, answer_pa=wanted)
        for _ in range(3):
            host.press('ctrl+bracketleft')
            time.sleep(0.1)
        host.wait_for('where it began', cursor=TWICE, pa=TWICE)
        host.press('ctrl+bracketright')
        host.wait_for('forward again', cursor=wanted)
        # With the panel hidden, what shows something in it brings it back.
        host.press('F9')
        host.wait_until(lambda: 'panel' not in host.state(), 'no panel')
        host.press('ctrl+u')
        host.wait_until(lambda: 'panel' in host.state(), 'the panel')
        host.wait_until(lambda: 'in RAM' in host.state()['panel_text'], 'who shares')
        time.sleep(0.5)
        host.picture('ghex-9-sharers')

    def choose_view(self, host, text):
        x, y, width, height = host.state()['view_area']
        host.click(x + width // 2, y + height // 2)
        time.sleep(0.5)
        host.write(text)
        time.sleep(0.3)
        host.press('Down')
        time.sleep(0.2)
        host.press('Return')

    def test_panel_follows_tabs_and_windows(self):
        second = os.path.join(self.desk.home, 'second.raw')
        shutil.copyfile(TINY, second)
        host = self.open_tiny()
        self.go_to(host, TWICE)
        host.open(second)
        state = host.wait_for('the second file', file=second, stage=3, cursor=0, pa=0)
        host.picture('ghex-4-tabs')
        host.press('ctrl+Page_Up')
        state = host.wait_for('the first tab', file=TINY, pa=TWICE, answer_pa=TWICE)
        self.assertEqual(len(state['rows']), 3)
        host.press('ctrl+w')
        state = host.wait_for('the other tab', file=second, pa=0)
        host.press('ctrl+w')
        host.wait_until(lambda: 'panel' not in host.state(), 'no panel')
        self.assertNotIn('cursor', host.state())
        host.open(TINY)
        host.wait_for('the file again', file=TINY, stage=3)
        self.assertEqual(host.close_window(), 0)

    def map_cell(self, state, address):
        """Left, top and number of the map's cell with an address of the tiny image."""
        columns, rows = state['map'][2] // CELL, state['map'][3] // CELL
        # Cell number i begins at frame i * N_FRAMES / (columns * rows), rounded down.
        cell = ((address // 4096 + 1) * columns * rows - 1) // N_FRAMES
        return cell % columns * CELL, cell // columns * CELL, cell

    def has_frame(self, host, address):
        """Whether the map has the mark of the hex view around the cell of the address: a white line
        within a black one."""
        state = host.state()
        if 'map' not in state:
            return False
        x, y, _ = self.map_cell(state, address)
        corners = [(x - 1, y - 1), (x + CELL, y + CELL), (x - 2, y - 2), (x + CELL + 1, y - 2)]
        colours = [host.ask('map {} {}'.format(*corner)) for corner in corners]
        return colours == ['#ffffff', '#ffffff', '#000000', '#000000']

    def test_map_frames_what_is_shown_and_leads_there(self):
        host = self.open_tiny()
        self.assertNotIn('map', host.state())
        host.press('F10')
        host.wait_until(lambda: host.state().get('map_lines', 0) > 5, 'the map')
        self.go_to(host, TWICE)
        host.wait_until(lambda: self.has_frame(host, TWICE), 'the frame')
        self.assertFalse(self.has_frame(host, 0x2000000))
        time.sleep(1)
        host.picture('ghex-7-map')
        state = host.state()
        x, y, cell = self.map_cell(state, 0x2000000)
        host.click(state['map'][0] + x + CELL // 2, state['map'][1] + y + CELL // 2)
        host.wait_until(
            lambda: self.map_cell(state, host.state()['cursor'])[2] == cell, 'the jump')
        host.wait_until(lambda: self.has_frame(host, 0x2000000), 'the frame')
        self.assertEqual(host.state()['focus'], 'HexWidget')
        self.zoom_map(host)
        self.assertEqual(host.close_window(), 0)
        again = self.open_tiny()
        again.wait_until(lambda: again.state().get('map_lines', 0) > 5, 'the map again')
        again.press('F10')
        again.wait_until(lambda: 'map' not in again.state(), 'no map')
        self.assertEqual(again.close_window(), 0)

    def map_range(self, host, x, y):
        """The physical addresses, first and last, of the map's cell at a point, by its tooltip."""
        host.point(5, 5)
        host.wait_until(lambda: 'tooltip' not in host.state(), 'no tooltip')
        tooltip = self.hover(host, x, y)
        numbers = re.findall(r'0x[0-9a-f]+', tooltip.split(': ')[0])
        return int(numbers[0], 0), int(numbers[-1], 0)

    def zoom_map(self, host):
        """With the wheel, by dragging, and with keys."""
        left, top, width, height = host.state()['map']
        x, y = left + width // 2, top + height // 2
        first, last = self.map_range(host, x, y)
        self.assertGreater(last, first)
        # Each click of the wheel shows half as much, and the pointer stays on the same memory.
        host.xdotool('click', '--repeat', 2, '--delay', 300, 4)
        host.wait_until(lambda: self.map_range(host, x, y)[1] - first < last - first, 'a zoom')
        near = self.map_range(host, x, y)
        self.assertLess(abs(near[0] - first), 0x20000)
        host.xdotool('click', '--repeat', 2, '--delay', 300, 5)
        host.wait_until(lambda: self.map_range(host, x, y) == (first, last), 'all of memory')
        # What is dragged over fills the map.
        host.point(left + 30, y)
        host.xdotool('mousedown', 1)
        for step in range(1, 6):
            host.point(left + 30 + (width - 40) * step // 5, y + 10 * step)
        host.xdotool('mouseup', 1)
        near_top = left + 6 * CELL + 2, top + CELL + 2
        host.wait_until(lambda: self.map_range(host, *near_top)[0] > 0x1000000, 'a part of memory')
        host.press('0')
        host.wait_until(lambda: self.map_range(host, *near_top)[0] < 0x1000000, 'all of memory')
        # From the first cell there, a step at a time.
        below = self.map_range(host, *near_top)[0]
        host.press('Home', *['Right'] * 6, 'Down', 'Return')
        host.wait_for('the cell', cursor=below)

    def test_map_and_shared_memory_follow_tabs(self):
        second = os.path.join(self.desk.home, 'second.raw')
        with open(second, 'wb') as f:
            f.truncate(1024**2)
        host = self.open_tiny()
        host.press('ctrl+shift+s')
        host.wait_until(
            lambda: 'share writable' in host.state().get('dialog_text', ''), 'shared memory')
        self.assertEqual(host.state()['dialog_title'], 'Shared Memory')
        time.sleep(0.5)
        host.picture('ghex-8-sharing')
        host.press('Escape')
        host.wait_until(lambda: 'dialog' not in host.state(), 'no dialog')
        host.press('F10')
        host.wait_until(lambda: host.state().get('map_lines', 0) > 5, 'the map')
        self.go_to(host, TWICE)
        host.press('ctrl+shift+s')
        host.wait_until(lambda: 'dialog' in host.state(), 'shared memory again')
        host.open(second)
        host.wait_for('the second file', file=second, stage=1)
        # Nothing is known of it, and nothing of the other image is shown any more.
        host.wait_until(lambda: host.state().get('map_lines') == 0, 'an empty map')
        host.wait_until(
            lambda: 'share writable' not in host.state().get('dialog_text', 'share writable'),
            'shared memory of nothing')
        host.activate()
        host.press('ctrl+Page_Up')
        host.wait_for('the first tab', file=TINY, pa=TWICE)
        host.wait_until(lambda: self.has_frame(host, TWICE), 'the frame')
        host.wait_until(
            lambda: 'share writable' in host.state().get('dialog_text', ''), 'shared memory')
        host.press('ctrl+w', 'ctrl+w')
        host.wait_until(lambda: 'cursor' not in host.state(), 'no tab')
        host.wait_until(lambda: not {'map', 'dialog'} & set(host.state()), 'no pictures')
        host.open(TINY)
        host.wait_until(lambda: host.state().get('map_lines', 0) > 5, 'the map')
        self.assertEqual(host.close_window(), 0)

    def test_new_document_has_no_panel_and_can_be_edited(self):
        host = self.open_tiny()
        host.press('ctrl+n')
        host.wait_until(lambda: 'panel' not in host.state(), 'no panel')
        host.write('41')
        host.wait_for('a byte', size=1, changed=1)
        host.press('ctrl+Page_Up')
        host.wait_for('the image', file=TINY, stage=3)

    def settled_height(self, host):
        """The panel's height once the last motions of the pointer have arrived."""
        height = None
        while height != host.state()['panel'][3]:
            height = host.state()['panel'][3]
            time.sleep(0.5)
        return height

    def test_hidden_and_resized_panel_is_found_again(self):
        host = self.open_tiny()
        x, y, width, height = host.state()['panel']
        host.press('F9')
        host.wait_until(lambda: 'panel' not in host.state(), 'no panel')
        host.picture('ghex-5-hidden')
        host.press('F9')
        host.wait_until(lambda: 'panel' in host.state(), 'the panel')

        # The handle is right above the bar with the view; it must stand still to be caught.
        self.settled_height(host)
        handle_y = host.state()['view_area'][1] - 5
        host.point(x + width // 2, handle_y - 1)
        host.point(x + width // 2, handle_y)
        host.wait_for('the handle under the pointer', on_handle=1)
        host.xdotool('mousedown', 1)
        for step in range(1, 7):
            host.point(x + width // 2, handle_y - 10 * step)
        host.xdotool('mouseup', 1)
        host.wait_until(lambda: host.state()['panel'][3] >= height + 50, 'a taller panel')
        taller = self.settled_height(host)
        self.assertEqual(host.close_window(), 0)
        again = self.open_tiny()
        again.wait_until(lambda: abs(again.state()['panel'][3] - taller) < 5, 'the same height')
        again.press('F9')
        again.wait_until(lambda: 'panel' not in again.state(), 'no panel')
        self.assertEqual(again.close_window(), 0)
        near_top = self.start(TINY)
        near_top.wait_until(lambda: near_top.state().get('cursor') == 0, 'a view')
        time.sleep(0.5)
        self.assertNotIn('panel', near_top.state())

    def test_nothing_is_written(self):
        copy = os.path.join(self.desk.home, 'copy.raw')
        shutil.copyfile(TINY, copy)
        before = os.stat(copy)
        host = self.start(copy)
        host.wait_for_index()
        x, y, width, height = host.state()['hex-display']
        host.click(x + 5, y + 5)
        host.press('Insert')
        host.write('00ff')
        host.press('Delete', 'BackSpace', 'ctrl+v', 'ctrl+x', 'ctrl+s')
        # Find and replace reaches the document past the view.
        host.press('ctrl+h')
        time.sleep(0.5)
        host.write('53')
        host.press('Tab', 'Tab', 'Tab', 'Tab')
        host.press('Escape')
        flags = host.open_flags(copy)
        self.assertGreater(len(flags), 0)
        self.assertEqual([f for f in flags if f & (os.O_WRONLY | os.O_RDWR)], [])
        self.assertEqual(host.state()['changed'], 0)
        self.assertEqual(host.close_window(), 0)
        after = os.stat(copy)
        self.assertEqual((before.st_mtime_ns, before.st_size), (after.st_mtime_ns, after.st_size))
        self.assertEqual([], [f for f in os.listdir(self.desk.home) if 'hexmmap' in f])

    def test_six_gigabytes_open_at_once_and_take_little_memory(self):
        large = os.path.join(self.desk.home, 'large.raw')
        with open(large, 'wb') as f:
            f.truncate(6 * 1024**3)
        host = self.open_tiny()
        start = time.monotonic()
        host.open(large)
        host.wait_for('the large file', file=large, size=6 * 1024**3)
        seconds = time.monotonic() - start
        host.wait_until(lambda: host.state().get('stage', 0) >= 1, 'an open session')
        host.jump(6 * 1024**3 - 1)
        memory = host.memory_mib()
        print(f'6 GiB: shown after {seconds:.2f} s, {memory:.0f} MiB', file=sys.stderr)
        self.assertLess(seconds, 1)
        self.assertLess(memory, 250)
        self.assertEqual(host.close_window(), 0)

    def test_main_loop_is_not_blocked_while_the_index_is_built(self):
        host = self.start(os.environ.get('P2V_GHEX_IMAGE', TINY))
        host.wait_until(lambda: 'stage' in host.state(), 'a session')
        host.ask('calm')
        state = host.wait_for('the index', stage=3)
        print(f'main loop: at most {state["work_us"] / 1000:.1f} ms of work at a stretch, '
              f'{state["paint_us"] / 1000:.1f} ms of drawing', file=sys.stderr)
        self.assertLess(state['work_us'], 10000)

    def test_ghex_that_runs_without_the_panel_does_not_take_the_file(self):
        plain = subprocess.Popen(
            ['ghex'], env=dict(self.desk.environment, GTK_PATH=''), stderr=subprocess.DEVNULL
        )
        self.addCleanup(plain.wait)
        self.addCleanup(plain.kill)
        time.sleep(2)
        host = self.start(TINY)
        host.wait_for('the panel', stage=3, complete=1)

    def run_host(self, name):
        """What a program that is not GHex writes when our module is loaded into it."""
        run = subprocess.run(
            [os.path.join(os.environ['P2V_GHEX_PROBE_FOLDER'], name)],
            env=dict(self.desk.environment, GTK_PATH=os.environ['P2V_GHEX_FOLDER']),
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stderr

    def test_what_is_no_ghex_is_left_alone(self):
        self.assertEqual(
            self.run_host('bare-host'),
            'pas2vas: This program has no hex view of gtkhex. GHex goes on without the panel.\n',
        )

    def test_ghex_that_lacks_what_we_need_is_left_alone(self):
        errors = self.run_host('odd-host')
        self.assertRegex(
            errors,
            r'\Apas2vas: This version of GHex is not supported \(.*undefined symbol: hex_\w+\)\. '
            r'GHex goes on without the panel\.\n\Z',
        )

    def test_panel_speaks_the_language_of_the_desktop(self):
        # GLib translates what is in a program only if the program itself is translated.
        if not os.path.exists('/usr/share/locale/ja/LC_MESSAGES/ghex.mo'):
            self.skipTest('this GHex does not speak Japanese')
        pot = os.path.join(self.desk.home, 'pas2vas.pot')
        trial.make_pot(os.environ['P2V_TEST_SOURCE'], pot,
                       os.environ['P2V_XGETTEXT_ARGUMENTS'].split())
        trial.make_language(pot, self.desk.home, 'ja')
        for kind in (ghex.Ghex, ghex.Viewer):
            with self.subTest(kind.__name__):
                host = kind(self.desk, TINY, LANGUAGE='ja', TEXTDOMAINDIR=self.desk.home)
                self.addCleanup(host.end)
                text = host.wait_for_index()['panel_text']
                # From the panel's file, of the panel, and of core.
                for words in ('File offset', 'Virtual address', '22 of 22 address spaces walked'):
                    self.assertIn(trial.MARK + words, text)
                time.sleep(0.5)
                host.picture('ghex-9-' + kind.__name__.lower())
                self.assertEqual(host.close_window(), 0)

    def test_light_dark_large_and_german(self):
        looks = {
            'dark': {'ADW_DEBUG_COLOR_SCHEME': 'prefer-dark'},
            'double': {'GDK_SCALE': '2'},
        }
        if self.desk.make_locale('de_DE'):
            looks['german'] = {'LC_ALL': 'de_DE.UTF-8', 'LANGUAGE': 'de'}
        for name, environment in looks.items():
            with self.subTest(name):
                host = self.open_tiny(**environment)
                self.go_to(host, TWICE)
                time.sleep(0.5)
                host.picture('ghex-6-' + name)
                self.assertEqual(host.close_window(), 0)


if __name__ == '__main__':
    reason = ghex.missing()
    if reason is not None:
        print('skipped: ' + reason)
        sys.exit(77)
    unittest.main(verbosity=2)
