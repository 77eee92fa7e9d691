/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-panel.h"

#include <glib/gi18n-lib.h>

static const P2vPanelKey keys[] = {
  { "go-to::physical", "<Control>l", N_("Go to a physical address"), TRUE },
  { "go-to::virtual", "<Control><Shift>l", N_("Go to a process’s virtual address"), TRUE },
  { "go-to::offset", "<Control><Shift>o", N_("Go to a file offset"), TRUE },
  { "go-to-entry", "<Control>t", N_("Go to the page table entry of the selected row"), TRUE },
  { "previous-page", "<Alt>Left", N_("Previous page of the selected process"), TRUE },
  { "next-page", "<Alt>Right", N_("Next page of the selected process"), TRUE },
  { "select-page", "<Control><Shift>p", N_("Select the page in the hex view"), TRUE },
  { "select-region", "<Control><Shift>r", N_("Select the region in the hex view"), TRUE },
  { "who-shares", "<Control>u", N_("Who else shares the region"), TRUE },
  { "show-kernel", "<Control>k", N_("Show all kernel mappings"), TRUE },
  { "every-address", "<Control><Shift>k", N_("Show every address of a page"), TRUE },
  { "filter", "<Control>f", N_("Filter rows"), FALSE },
  { "copy-row", "<Control>c", N_("Copy the selected row"), FALSE },
  { "copy-all", "<Control><Shift>c", N_("Copy all rows"), FALSE },
  { "export-rows", "<Control>e", N_("Export these rows"), TRUE },
  { "export-all", "<Control><Shift>e", N_("Export everything"), TRUE },
  { "cancel", "Escape", N_("Cancel"), FALSE },
};

/**
 * p2v_panel_get_keys:
 * @ret_n_keys: (out): how many there are
 *
 * The keys of the panel's actions. They work where the focus is in the panel; a host may give
 * those that are global to its application, with the prefix "p2v." under which the panel's actions
 * are in its window, and list all of them among its shortcuts.
 *
 * Returns: (array length=ret_n_keys) (transfer none): the keys
 *
 * Since: 1.0
 */
const P2vPanelKey *
p2v_panel_get_keys (gsize *ret_n_keys)
{
  g_return_val_if_fail (ret_n_keys != NULL, NULL);

  *ret_n_keys = G_N_ELEMENTS (keys);
  return keys;
}
