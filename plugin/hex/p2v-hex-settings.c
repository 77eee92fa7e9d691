/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-settings.h"

#define SCHEMA_ID "io.github.pas2vas.HexView"

enum
{
  PROP_0,
  PROP_HOVER,
  PROP_PANEL_VISIBLE,
  PROP_PANEL_HEIGHT,
  PROP_MAP_VISIBLE,
  PROP_MAP_WIDTH,
  PROP_PANEL_COLUMNS, /* words, the others are numbers */
  N_PROPS
};

/* The keys of the schema, and what they are without it. */
static const struct
{
  const char *name;
  GType       type;
  int         value;
} keys[N_PROPS] = {
  [PROP_HOVER] = { "hover", G_TYPE_BOOLEAN, TRUE },
  [PROP_PANEL_VISIBLE] = { "panel-visible", G_TYPE_BOOLEAN, TRUE },
  [PROP_PANEL_HEIGHT] = { "panel-height", G_TYPE_INT, 260 },
  [PROP_MAP_VISIBLE] = { "map-visible", G_TYPE_BOOLEAN, FALSE },
  [PROP_MAP_WIDTH] = { "map-width", G_TYPE_INT, 280 },
  [PROP_PANEL_COLUMNS] = { .name = "panel-columns" },
};

struct _P2vHexSettings
{
  GObject    parent_instance;

  GSettings *settings;        /* NULL: there is no schema */
  int        values[N_PROPS]; /* by property */
  GStrv      panel_columns;
};

G_DEFINE_FINAL_TYPE (P2vHexSettings, p2v_hex_settings, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
p2v_hex_settings_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  int number = P2V_HEX_SETTINGS (object)->values[prop_id];

  if (prop_id == PROP_PANEL_COLUMNS)
    g_value_set_boxed (value, P2V_HEX_SETTINGS (object)->panel_columns);
  else if (keys[prop_id].type == G_TYPE_BOOLEAN)
    g_value_set_boolean (value, number);
  else
    g_value_set_int (value, number);
}

static void
p2v_hex_settings_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  P2vHexSettings *self = P2V_HEX_SETTINGS (object);
  int *number = &self->values[prop_id];

  if (prop_id == PROP_PANEL_COLUMNS)
    {
      g_strfreev (self->panel_columns);
      self->panel_columns = g_value_dup_boxed (value);
      return;
    }
  *number = keys[prop_id].type == G_TYPE_BOOLEAN ? g_value_get_boolean (value)
                                                 : g_value_get_int (value);
}

static void
p2v_hex_settings_dispose (GObject *object)
{
  P2vHexSettings *self = P2V_HEX_SETTINGS (object);

  g_clear_object (&self->settings);
  g_clear_pointer (&self->panel_columns, g_strfreev);

  G_OBJECT_CLASS (p2v_hex_settings_parent_class)->dispose (object);
}

static void
p2v_hex_settings_class_init (P2vHexSettingsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = p2v_hex_settings_get_property;
  object_class->set_property = p2v_hex_settings_set_property;
  object_class->dispose = p2v_hex_settings_dispose;

  for (guint i = PROP_0 + 1; i < PROP_PANEL_COLUMNS; i++)
    properties[i] = keys[i].type == G_TYPE_BOOLEAN
                        ? g_param_spec_boolean (keys[i].name, NULL, NULL, keys[i].value, flags)
                        : g_param_spec_int (keys[i].name, NULL, NULL, 0, G_MAXINT, keys[i].value,
                                            flags);
  properties[PROP_PANEL_COLUMNS] = g_param_spec_boxed ("panel-columns", NULL, NULL, G_TYPE_STRV,
                                                       flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
p2v_hex_settings_init (P2vHexSettings *self)
{
  for (guint i = PROP_0 + 1; i < N_PROPS; i++)
    self->values[i] = keys[i].value;
}

/* GSettings ends the program if a schema or a key is missing, and this may be somebody else's
 * program: so look before. */
static GSettingsSchema *
find_schema (const char *folder)
{
  GSettingsSchemaSource *installed = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchemaSource) source = NULL;
  GSettingsSchema *schema = NULL;

  if (installed != NULL)
    schema = g_settings_schema_source_lookup (installed, SCHEMA_ID, TRUE);
  if (schema == NULL && folder != NULL)
    source = g_settings_schema_source_new_from_directory (folder, installed, TRUE, NULL);
  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SCHEMA_ID, FALSE);
  return schema;
}

P2vHexSettings *
p2v_hex_settings_new (const char *folder)
{
  P2vHexSettings *self = g_object_new (P2V_TYPE_HEX_SETTINGS, NULL);
  g_autoptr (GSettingsSchema) schema = find_schema (folder);

  if (schema == NULL)
    return self;
  self->settings = g_settings_new_full (schema, NULL, NULL);
  for (guint i = PROP_0 + 1; i < N_PROPS; i++)
    {
      const char *name = keys[i].name;
      if (g_settings_schema_has_key (schema, name))
        g_settings_bind (self->settings, name, self, name, G_SETTINGS_BIND_DEFAULT);
    }
  return self;
}

/* Both ways; but what was kept comes first. */
void
p2v_hex_settings_bind_panel (P2vHexSettings *self,
                             GObject        *panel)
{
  if (self->panel_columns != NULL && self->panel_columns[0] != NULL)
    g_object_set (panel, "columns", self->panel_columns, NULL);
  g_object_bind_property (panel, "columns", self, "panel-columns", G_BINDING_DEFAULT);
}

gboolean
p2v_hex_settings_get_hover (P2vHexSettings *self)
{
  return self->values[PROP_HOVER];
}
