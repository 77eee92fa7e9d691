#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""The panel in a window of one's own: panel.py IMAGE PHYSICAL_ADDRESS"""

import sys

import gi

gi.require_version('Gtk', '4.0')
gi.require_version('Pas2vas', '1')
gi.require_version('Pas2vasGtk', '1')
from gi.repository import Gtk, Pas2vas, Pas2vasGtk


def activate(application):
    session = Pas2vas.Session.new()
    session.open(sys.argv[1], None)
    panel = Pas2vasGtk.Panel.new()
    panel.set_session(session)
    panel.set_address(int(sys.argv[2], 0))
    panel.connect('jump-to-offset', lambda _panel, offset: print(f'go to {offset:#x}'))
    window = Gtk.ApplicationWindow(application=application, title=sys.argv[1], child=panel)
    window.set_default_size(900, 400)
    window.present()


application = Gtk.Application()
application.connect('activate', activate)
application.run()
