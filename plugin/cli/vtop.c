/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* pas2vas vtop: the way from a virtual address to a physical one, entry by entry. */

#include "config.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "pas2vas-command.h"
#include "pas2vas-options.h"
#include "pas2vas-process.h"
#include "pas2vas-properties.h"
#include "pas2vas-report.h"
#include "pas2vas-run.h"

/* One row an entry; in CSV and JSON a last row named "page" says where the way ended, and what
 * is there. In tables that is told in lines below. */
static const P2vColumn columns[] = {
  { "level", N_("Level"), P2V_CELL_TEXT, 6 },
  { "entry", N_("Entry"), P2V_CELL_HEX, 14 },
  { "value", N_("Value"), P2V_CELL_HEX, 18 },
  { "physical", NULL, P2V_CELL_HEX, 0 },
  { "file_offset", NULL, P2V_CELL_HEX, 0 },
  { "rights", NULL, P2V_CELL_TEXT, 0 },
  { "page_size", NULL, P2V_CELL_DECIMAL, 0 },
  { "state", NULL, P2V_CELL_TEXT, 0 },
  { "region", NULL, P2V_CELL_TEXT, 0 },
};

#define N_PAGE_COLUMNS 6

typedef struct
{
  Pas2vasOptions  options;
  Pas2vasOwner    owner;
  P2vVirtAddr     va;
  P2vSession     *session;
  GOutputStream  *output;
  P2vTrail        trail;
  P2vMapping      mapping;  /* only if the trail ended at a page */
} Vtop;

static void
vtop_clear (Vtop *self)
{
  pas2vas_options_clear (&self->options);
  g_clear_object (&self->output);
  g_clear_object (&self->session);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Vtop, vtop_clear)

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_step (P2vExport           *export,
          const P2vTrailStep  *step,
          GError             **error)
{
  p2v_export_add_text (export, step->name);
  p2v_export_add_number (export, step->entry_pa);
  p2v_export_add_number (export, step->value);
  for (guint i = 0; i < N_PAGE_COLUMNS; i++)
    p2v_export_add_nothing (export);
  return p2v_export_end_row (export, NULL, error);
}

static gboolean
get_file_offset (Vtop    *self,
                 guint64 *ret_file_offset)
{
  g_autoptr (P2vImage) image = p2v_session_dup_image (self->session);

  return p2v_image_pa_to_offset (image, self->trail.pa, ret_file_offset);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
add_page (Vtop       *self,
          P2vExport  *export,
          GError    **error)
{
  g_autofree char *rights = p2v_rights_to_string (self->trail.rights);
  g_autofree char *region = p2v_mapping_dup_region_text (&self->mapping);
  guint64 file_offset;

  p2v_export_add_text (export, "page");
  p2v_export_add_nothing (export);
  p2v_export_add_nothing (export);
  p2v_export_add_number (export, self->trail.pa);
  if (get_file_offset (self, &file_offset))
    p2v_export_add_number (export, file_offset);
  else
    p2v_export_add_nothing (export);
  p2v_export_add_text (export, rights);
  p2v_export_add_number (export, (guint64) 1 << self->trail.page_shift);
  p2v_export_add_text (export, p2v_state_to_string (self->mapping.state));
  p2v_export_add_text (export, region);
  return p2v_export_end_row (export, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_steps (Vtop    *self,
             GError **error)
{
  gboolean with_page =
    self->options.format != P2V_EXPORT_TABLE && self->trail.status == P2V_WALK_MAPPED;
  g_autoptr (P2vExport) export =
    p2v_export_new (self->output, self->options.format, columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < self->trail.n_steps; i++)
    if (!add_step (export, &self->trail.steps[i], error))
      return FALSE;
  if (with_page && !add_page (self, export, error))
    return FALSE;
  return p2v_export_finish (export, NULL, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print_page_lines (Vtop    *self,
                  GError **error)
{
  g_autoptr (Pas2vasProperties) lines = pas2vas_properties_new (self->output, P2V_EXPORT_TABLE);
  g_autofree char *rights = p2v_rights_to_string (self->trail.rights);
  g_autofree char *size = p2v_page_shift_to_string (self->trail.page_shift);
  g_autofree char *region = p2v_mapping_dup_region_text (&self->mapping);
  g_autofree char *disagreement = p2v_mapping_dup_disagreement (&self->mapping);
  guint64 file_offset;

  pas2vas_properties_printf (lines, N_("Physical"), "0x%012" PRIx64, self->trail.pa);
  if (get_file_offset (self, &file_offset))
    pas2vas_properties_printf (lines, N_("File offset"), "0x%012" PRIx64,
                               file_offset);
  else
    pas2vas_properties_add (lines, N_("File offset"), _("not in the image"));
  pas2vas_properties_add (lines, N_("Rights"), rights);
  pas2vas_properties_add (lines, N_("Size"), size);
  pas2vas_properties_add (lines, N_("State"), p2v_state_to_string (self->mapping.state));
  pas2vas_properties_add (lines, N_("Region"), region);
  if (disagreement != NULL)
    pas2vas_properties_add (lines, N_("Finding"), disagreement);
  return pas2vas_properties_finish (lines, error);
}

/* Says at which entry the way ended. */
static void
report_end (Vtop *self)
{
  g_autofree char *end = p2v_trail_dup_end_text (&self->trail);

  if (self->trail.n_steps == 0)
    {
      pas2vas_note ("0x%" PRIx64 ": %s", self->va, end);
      return;
    }

  const P2vTrailStep *last = &self->trail.steps[self->trail.n_steps - 1];
  pas2vas_note ("0x%" PRIx64 ": %s: %s 0x%" PRIx64 " = 0x%016" PRIx64, self->va, end,
                last->name, last->entry_pa, last->value);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
translate (Vtop             *self,
           P2vProcess       *process,
           P2vAddressSpace  *space,
           GError          **error)
{
  if (!p2v_session_get_trail (self->session, space, self->va, &self->trail, error))
    return FALSE;
  if (self->trail.status != P2V_WALK_MAPPED)
    return TRUE;

  self->mapping = (P2vMapping) {
    .pa = self->trail.pa,
    .va = self->va,
    .length_bytes = 1,
    .process = process,
    .space = space,
  };
  return p2v_session_describe (self->session, &self->mapping, error);
}

G_GNUC_WARN_UNUSED_RESULT static gboolean
print (Vtop    *self,
       GError **error)
{
  self->output = pas2vas_open_output ();
  if (!print_steps (self, error))
    return FALSE;
  return self->trail.status != P2V_WALK_MAPPED || self->options.format != P2V_EXPORT_TABLE
         || print_page_lines (self, error);
}

static Pas2vasStatus
answer (Vtop *self)
{
  g_autoptr (GError) error = NULL;

  self->session =
    pas2vas_run_open (&self->options, P2V_STAGE_SYSTEM);
  if (self->session == NULL)
    return PAS2VAS_UNREADABLE;

  g_autoptr (P2vSystem) system = p2v_session_dup_system (self->session);
  P2vProcess *process;
  P2vAddressSpace *space = pas2vas_find_space (system, &self->owner, &process);
  if (space == NULL)
    return PAS2VAS_NOTHING;

  if (!translate (self, process, space, &error) || !print (self, &error))
    return pas2vas_report_error (error);
  if (self->trail.status == P2V_WALK_MAPPED)
    return PAS2VAS_ANSWERED;
  report_end (self);
  return PAS2VAS_NOTHING;
}

static Pas2vasStatus
run (char **argv)
{
  g_auto (Vtop) self = { .options.format = P2V_EXPORT_TABLE };

  if (!pas2vas_options_parse (&self.options, &pas2vas_vtop, NULL, argv)
      || !pas2vas_parse_owner (&pas2vas_vtop, self.options.arguments[1], &self.owner)
      || !pas2vas_parse_address (&pas2vas_vtop, self.options.arguments[2], &self.va))
    return PAS2VAS_USAGE;
  return answer (&self);
}

const Pas2vasCommand pas2vas_vtop = {
  .name = "vtop",
  .arguments = N_("IMAGE PID VIRTUAL"),
  .n_min_arguments = 3,
  .n_max_arguments = 3,
  .summary = N_("Translate a virtual address, showing every page-table entry"),
  .run = run,
};
