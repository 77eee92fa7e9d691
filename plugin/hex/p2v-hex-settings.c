/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-hex-settings.h"

#define SCHEMA_ID "io.github.pas2vas.HexView"
#define DEFAULT_PANEL_HEIGHT 260

struct _P2vHexSettings
{
  GObject    parent_instance;

  GSettings *settings;      /* NULL: there is no schema */
  gboolean   hover;
  gboolean   panel_visible;
  int        panel_height;
};

G_DEFINE_FINAL_TYPE (P2vHexSettings, p2v_hex_settings, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_HOVER,
  PROP_PANEL_VISIBLE,
  PROP_PANEL_HEIGHT,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
p2v_hex_settings_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  P2vHexSettings *self = P2V_HEX_SETTINGS (object);

  switch (prop_id)
    {
    case PROP_HOVER:
      g_value_set_boolean (value, self->hover);
      break;
    case PROP_PANEL_VISIBLE:
      g_value_set_boolean (value, self->panel_visible);
      break;
    case PROP_PANEL_HEIGHT:
      g_value_set_int (value, self->panel_height);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
p2v_hex_settings_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  P2vHexSettings *self = P2V_HEX_SETTINGS (object);

  switch (prop_id)
    {
    case PROP_HOVER:
      self->hover = g_value_get_boolean (value);
      break;
    case PROP_PANEL_VISIBLE:
      self->panel_visible = g_value_get_boolean (value);
      break;
    case PROP_PANEL_HEIGHT:
      self->panel_height = g_value_get_int (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
p2v_hex_settings_dispose (GObject *object)
{
  g_clear_object (&P2V_HEX_SETTINGS (object)->settings);

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

  properties[PROP_HOVER] = g_param_spec_boolean ("hover", NULL, NULL, TRUE, flags);
  properties[PROP_PANEL_VISIBLE] = g_param_spec_boolean ("panel-visible", NULL, NULL, TRUE, flags);
  properties[PROP_PANEL_HEIGHT] = g_param_spec_int ("panel-height", NULL, NULL, 0, G_MAXINT,
                                                    DEFAULT_PANEL_HEIGHT, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
p2v_hex_settings_init (P2vHexSettings *self)
{
  self->hover = TRUE;
  self->panel_visible = TRUE;
  self->panel_height = DEFAULT_PANEL_HEIGHT;
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
      const char *name = properties[i]->name;
      if (g_settings_schema_has_key (schema, name))
        g_settings_bind (self->settings, name, self, name, G_SETTINGS_BIND_DEFAULT);
    }
  return self;
}

gboolean
p2v_hex_settings_get_hover (P2vHexSettings *self)
{
  return self->hover;
}
