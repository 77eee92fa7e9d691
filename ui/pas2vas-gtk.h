/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The only header of the widget library that an application includes. */

#pragma once

#include <gtk/gtk.h>
#include <pas2vas.h>

#define P2V_GTK_INSIDE
#include "p2v-memory-map.h"
#include "p2v-panel.h"
#include "p2v-sharing-view.h"
#undef P2V_GTK_INSIDE
