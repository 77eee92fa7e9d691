# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The pas2vas authors
"""The real GHex with our module in it, on a display of its own: how to start it, to press its keys,
to move the pointer in it, and to ask what it shows (immodules/p2v-ghex-probe.c)."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

# Far more than anything here takes, also on a busy machine.
PATIENCE_S = 30
NEEDED = ('ghex', 'openbox', 'xdotool', 'xprop', 'dbus-daemon')


def missing():
    """What keeps the test from running, or None."""
    if os.environ.get('P2V_SANITIZED', 'none') != 'none':
        return 'a module with sanitizers cannot be loaded into a GHex without'
    if not os.environ.get('DISPLAY'):
        return 'there is no display'
    absent = [program for program in NEEDED if shutil.which(program) is None]
    return f'not installed: {" ".join(absent)}' if absent else None


class Desk:
    """A window manager, a session bus, and a home folder."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix='p2v-ghex-')
        self.environment = dict(os.environ, HOME=self.home)
        self.environment.update(
            XDG_CONFIG_HOME=os.path.join(self.home, 'config'),
            XDG_CACHE_HOME=os.path.join(self.home, 'cache'),
            XDG_RUNTIME_DIR=self.home,
            G_DEBUG='fatal-criticals',
        )
        os.chmod(self.home, 0o700)
        self.bus = subprocess.Popen(
            ['dbus-daemon', '--session', '--nofork', '--print-address'],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.environment['DBUS_SESSION_BUS_ADDRESS'] = self.bus.stdout.readline().strip()
        self.manager = self.start_manager()
        self.wait_for_manager()

    def start_manager(self):
        return subprocess.Popen(
            ['openbox'],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_for_manager(self):
        """A window that is there before its manager may never be told to draw itself."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            # It ends at once while the display still has the one of the test before.
            if self.manager.poll() is not None:
                self.manager = self.start_manager()
            told = subprocess.run(
                ['xprop', '-root', '_NET_SUPPORTING_WM_CHECK'],
                env=self.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if 'window id' in told.stdout:
                return
            time.sleep(0.05)
        raise AssertionError('openbox does not begin')

    def make_locale(self, name):
        """For this desk alone; False if the machine does not have what it is made of."""
        folder = os.path.join(self.home, 'locale')
        os.makedirs(folder, exist_ok=True)
        self.environment['LOCPATH'] = folder
        made = shutil.which('localedef') is not None and subprocess.run(
            ['localedef', '-i', name, '-f', 'UTF-8', os.path.join(folder, name + '.UTF-8')],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return bool(made) and made.returncode == 0

    def close(self):
        for process in (self.manager, self.bus):
            process.terminate()
            process.wait()
        self.bus.stdout.close()
        shutil.rmtree(self.home, ignore_errors=True)


class Ghex:
    """A GHex that `pas2vas ghex FILE…` has started."""

    def __init__(self, desk, *files, **environment):
        self.desk = desk
        self.environment = dict(desk.environment, **environment)
        self.socket_path = os.path.join(desk.home, f'probe-{time.monotonic_ns()}')
        self.environment['P2V_GHEX_PROBE'] = self.socket_path
        self.environment['GTK_PATH'] = os.environ['P2V_GHEX_PROBE_FOLDER']
        self.errors = open(self.socket_path + '.err', 'w+', encoding='utf-8')
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command(*files), env=self.environment, stderr=self.errors
        )
        self.channel = None
        self.window = None

    def command(self, *files):
        cli = os.path.join(os.environ['P2V_TEST_BUILD'], 'plugin', 'cli', 'pas2vas')
        return [cli, 'ghex', *files]

    def open(self, file):
        """A second file goes to the GHex that is running."""
        subprocess.run(self.command(file), env=self.environment, check=True, timeout=PATIENCE_S)

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        # The file is there a little before somebody listens.
        self.wait_until(lambda: connection.connect_ex(self.socket_path) == 0, 'a probe')
        connection.settimeout(PATIENCE_S)
        self.channel = connection.makefile('rw', encoding='utf-8')
        connection.close()

    def ask(self, command):
        if self.channel is None:
            self.connect()
        self.channel.write(command + '\n')
        self.channel.flush()
        line = self.channel.readline()
        if not line:
            raise AssertionError('GHex has gone: ' + self.read_errors())
        return json.loads(line)

    def state(self):
        return self.ask('state')

    def last_state(self):
        return self.state() if self.channel is not None else 'it has not begun'

    def read_errors(self):
        self.errors.flush()
        with open(self.errors.name, encoding='utf-8') as f:
            return f.read()

    def wait_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f'GHex ended with {self.process.returncode}: '
                                     + self.read_errors())
            if time.monotonic() > deadline:
                raise AssertionError(f'waited in vain for {what}: {self.last_state()}')
            time.sleep(0.01)

    def wait_for(self, what, **wanted):
        """Waits until the state has these values, and returns it."""
        found = {}

        def is_so():
            found.clear()
            found.update(self.state())
            return all(found.get(key) == value for key, value in wanted.items())

        self.wait_until(is_so, what)
        return found

    def jump(self, address):
        """With the keyboard alone. Each key waits for what the one before it has done, for a busy
        machine shows things late, and keys go where the focus is."""
        self.activate()
        self.wait_for('the keyboard', active=1)
        self.press('ctrl+l')
        self.wait_for('the entry', focus='GtkText')
        self.press('ctrl+a')
        self.write(hex(address))
        self.wait_for('the address', focus_text=hex(address))
        self.press('Return')
        self.wait_for('the cursor', cursor=address)

    def wait_for_index(self):
        state = self.wait_for('the index', stage=3, complete=1)
        self.find_window()
        return state

    def find_window(self):
        found = subprocess.run(
            ['xdotool', 'search', '--sync', '--onlyvisible', '--pid', str(self.process.pid)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        )
        self.window = found.stdout.split()[0]
        self.activate()

    def activate(self):
        """Gives the window the keyboard, which another one of GHex may have."""
        self.xdotool('windowactivate', '--sync', self.window)

    def xdotool(self, *arguments):
        subprocess.run(
            ['xdotool', *map(str, arguments)],
            env=self.environment,
            check=True,
            timeout=PATIENCE_S,
            stdout=subprocess.DEVNULL,
        )

    def press(self, *keys):
        self.xdotool('key', '--clearmodifiers', *keys)

    def write(self, text):
        self.xdotool('type', '--delay', 20, text)

    def point(self, x, y):
        self.xdotool('mousemove', '--window', self.window, int(x), int(y))

    def click(self, x, y):
        self.point(x, y)
        self.xdotool('click', 1)

    def picture(self, name):
        """What the screen shows, if there is a program to take it."""
        folder = os.environ['P2V_SCREENSHOTS']
        os.makedirs(folder, exist_ok=True)
        if shutil.which('import') is not None:
            subprocess.run(
                ['import', '-window', 'root', os.path.join(folder, name + '.png')],
                env=self.environment,
                check=True,
                timeout=PATIENCE_S,
            )

    def memory_mib(self):
        """Its own memory: what is not backed by a file."""
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith('RssAnon'))

    def open_flags(self, path):
        """How the process has opened a file, once for each time."""
        folder = f'/proc/{self.process.pid}'
        flags = []
        for number in os.listdir(folder + '/fd'):
            try:
                if os.path.samefile(f'{folder}/fd/{number}', path):
                    with open(f'{folder}/fdinfo/{number}', encoding='ascii') as f:
                        text = f.read()
                    flags.append(int(text.split('flags:')[1].split()[0], 8))
            except OSError:
                continue
        return flags

    def close_window(self):
        """Closes the window as its button does, and returns the exit status."""
        self.press('alt+F4')
        try:
            status = self.process.wait(PATIENCE_S)
            if status != 0:
                raise AssertionError(f'GHex ended with {status}: ' + self.read_errors())
            return status
        finally:
            self.end()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        self.errors.close()


class Viewer(Ghex):
    """Our own window, asked and driven in the same way."""

    def command(self, *files):
        return [os.path.join(os.environ['P2V_TEST_BUILD'], 'plugin', 'viewer', 'pas2vas-viewer'),
                *files]
