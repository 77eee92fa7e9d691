/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-mapping-row.h"

struct _P2vMappingRow
{
  GObject          parent_instance;

  P2vRowDetails    details;
  gboolean         described;
  guint            n_cells;

  /* The mapping only borrows its owner, and a row may outlive the session that made it. */
  P2vProcess      *process;
  P2vAddressSpace *space;
};

G_DEFINE_FINAL_TYPE (P2vMappingRow, p2v_mapping_row, G_TYPE_OBJECT)

/* One text property for each column comes first, so that a column's number is its property's
 * minus one. */
enum
{
  PROP_0,
  PROP_WARNING = 1 + P2V_N_COLUMNS,
  PROP_DESCRIBED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static const char *const column_properties[P2V_N_COLUMNS]
    = { "process", "pid", "virtual", "rights", "size", "state", "region" };

const char *
p2v_column_id_to_property (P2vColumnId column)
{
  g_return_val_if_fail (column < P2V_N_COLUMNS, NULL);

  return column_properties[column];
}

gboolean
p2v_column_id_from_property (const char *property,
                             P2vColumnId *ret_column)
{
  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    if (g_str_equal (property, column_properties[i]))
      {
        *ret_column = (P2vColumnId) i;
        return TRUE;
      }
  return FALSE;
}

/* As in the table that the command line prints. */
static char *
dup_region_text (const P2vMapping *mapping)
{
  g_autofree char *region = p2v_mapping_dup_region_text (mapping);
  g_autofree char *addresses = p2v_mapping_dup_addresses_text (mapping);

  return addresses != NULL ? g_strdup_printf ("%s (%s)", region, addresses)
                           : g_steal_pointer (&region);
}

/* Reads what is not in memory. Blocks on the image: for worker threads. A mapping that cannot be
 * read keeps its row, with the reason as the warning. */
void
p2v_row_details_read (P2vRowDetails *self,
                      P2vSession *session)
{
  g_autoptr (GError) error = NULL;
  if (!p2v_session_describe (session, &self->mapping, &error))
    {
      self->warning = g_strdup (error->message);
      return;
    }

  self->rights = p2v_rights_to_string (self->mapping.rights);
  self->size = p2v_page_shift_to_string (self->mapping.page_shift);
  self->state = p2v_state_to_string (self->mapping.state);
  self->region = dup_region_text (&self->mapping);
  if (p2v_mapping_rights_disagree (&self->mapping))
    self->warning = p2v_mapping_dup_disagreement (&self->mapping);
}

void
p2v_row_details_clear (P2vRowDetails *self)
{
  g_clear_pointer (&self->rights, g_free);
  g_clear_pointer (&self->size, g_free);
  g_clear_pointer (&self->region, g_free);
  g_clear_pointer (&self->warning, g_free);
  self->state = NULL;
}

char *
p2v_row_details_dup_text (const P2vRowDetails *self,
                          P2vColumnId column)
{
  switch (column)
    {
    case P2V_COLUMN_PROCESS:
      return g_strdup (p2v_process_get_name (self->mapping.process));
    case P2V_COLUMN_PID:
      return p2v_process_has_pid (self->mapping.process)
                 ? g_strdup_printf ("%" G_GINT64_FORMAT,
                                    p2v_process_get_pid (self->mapping.process))
                 : g_strdup ("");
    case P2V_COLUMN_VIRTUAL:
      return g_strdup_printf ("0x%012" G_GINT64_MODIFIER "x", self->mapping.va);
    case P2V_COLUMN_RIGHTS:
      return g_strdup (self->rights);
    case P2V_COLUMN_SIZE:
      return g_strdup (self->size);
    case P2V_COLUMN_STATE:
      return g_strdup (self->state);
    case P2V_COLUMN_REGION:
      return g_strdup (self->region);
    case P2V_N_COLUMNS:
    default:
      g_return_val_if_reached (NULL);
    }
}

char *
p2v_mapping_row_dup_text (P2vMappingRow *self,
                          P2vColumnId column)
{
  return p2v_row_details_dup_text (&self->details, column);
}

char *
p2v_mapping_row_dup_line (P2vMappingRow *self)
{
  GString *line = g_string_new (NULL);

  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    {
      g_autofree char *text = p2v_mapping_row_dup_text (self, (P2vColumnId) i);
      if (text != NULL && text[0] != '\0')
        g_string_append_printf (line, "%s%s", line->len > 0 ? ", " : "", text);
    }
  if (self->details.warning != NULL)
    g_string_append_printf (line, ", %s", self->details.warning);
  return g_string_free (line, FALSE);
}

static void
p2v_mapping_row_get_property (GObject *object,
                              guint prop_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  P2vMappingRow *self = P2V_MAPPING_ROW (object);

  if (prop_id == PROP_WARNING)
    g_value_set_string (value, self->details.warning);
  else if (prop_id == PROP_DESCRIBED)
    g_value_set_boolean (value, self->described);
  else if (prop_id > PROP_0 && prop_id <= P2V_N_COLUMNS)
    g_value_take_string (value, p2v_mapping_row_dup_text (self, (P2vColumnId) (prop_id - 1)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
p2v_mapping_row_finalize (GObject *object)
{
  P2vMappingRow *self = P2V_MAPPING_ROW (object);

  p2v_row_details_clear (&self->details);
  g_clear_object (&self->process);
  g_clear_object (&self->space);

  G_OBJECT_CLASS (p2v_mapping_row_parent_class)->finalize (object);
}

static void
p2v_mapping_row_class_init (P2vMappingRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = p2v_mapping_row_get_property;
  object_class->finalize = p2v_mapping_row_finalize;

  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    properties[i + 1] = g_param_spec_string (column_properties[i], NULL, NULL, NULL, flags);
  properties[PROP_WARNING] = g_param_spec_string ("warning", NULL, NULL, NULL, flags);
  properties[PROP_DESCRIBED] = g_param_spec_boolean ("described", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
p2v_mapping_row_init (P2vMappingRow *self)
{
}

P2vMappingRow *
p2v_mapping_row_new (const P2vMapping *mapping)
{
  P2vMappingRow *self = g_object_new (P2V_TYPE_MAPPING_ROW, NULL);

  self->details.mapping = *mapping;
  self->process = g_object_ref (mapping->process);
  self->space = g_object_ref (mapping->space);
  return self;
}

gboolean
p2v_mapping_row_add_cell (P2vMappingRow *self)
{
  return self->n_cells++ == 0;
}

gboolean
p2v_mapping_row_remove_cell (P2vMappingRow *self)
{
  return --self->n_cells == 0;
}

void
p2v_mapping_row_set_mapping (P2vMappingRow *self,
                             const P2vMapping *mapping)
{
  g_return_if_fail (mapping->process == self->process && mapping->space == self->space);

  self->details.mapping = *mapping;
  self->described = FALSE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[P2V_COLUMN_VIRTUAL + 1]);
}

const P2vMapping *
p2v_mapping_row_get_mapping (P2vMappingRow *self)
{
  return &self->details.mapping;
}

const char *
p2v_mapping_row_get_warning (P2vMappingRow *self)
{
  return self->details.warning;
}

gboolean
p2v_mapping_row_is_described (P2vMappingRow *self)
{
  return self->described;
}

void
p2v_mapping_row_take_details (P2vMappingRow *self,
                              P2vRowDetails *details)
{
  p2v_row_details_clear (&self->details);
  self->details = *details;
  /* The region belongs to the system, which this row does not keep alive. Its words are what we
   * need. */
  self->details.mapping.region = NULL;
  *details = (P2vRowDetails){ 0 };
  self->described = TRUE;

  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = P2V_COLUMN_RIGHTS; i < P2V_N_COLUMNS; i++)
    g_object_notify_by_pspec (G_OBJECT (self), properties[i + 1]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WARNING]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DESCRIBED]);
  g_object_thaw_notify (G_OBJECT (self));
}
