/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hue.h"

/* Those of p2v-panel.css, which a test compares. */
static const guint32 colours[P2V_N_HUES] = {
  0xe12c2c, 0xd17a46, 0x917215, 0x8a9826, 0x4b8413, 0x39a529, 0x138831, 0x29a375,
  0x138383, 0x3d98cf, 0x466ee5, 0x9085e0, 0x9a4ee6, 0xcc69da, 0xd61fa8, 0xda6d96,
};

guint
p2v_hue_of_pid (gint64 pid)
{
  /* Neighbouring pids should not look alike. Source: Knuth, TAOCP 3, 6.4, multiplicative
   * hashing: the golden ratio times 2^32, whose high bits are the well-mixed ones. */
  guint32 mixed = (guint32) pid * 2654435769u;

  return mixed >> 28;
}
G_STATIC_ASSERT (P2V_N_HUES == 1 << (32 - 28));

guint32
p2v_hue_get_colour (guint hue)
{
  g_return_val_if_fail (hue < P2V_N_HUES, 0);
  return colours[hue];
}
