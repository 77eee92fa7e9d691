/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vGhexHost: listens to what GHex does. GHex offers no such thing, but signals of GObject can be
 * listened to wherever they are emitted: a document gets a file, a view has been drawn, a view is
 * shown or hidden. */

#include "config.h"

#include "p2v-ghex.h"

#include "p2v-ghex-window.h"

#include "p2v-hex-keys.h"

#include "p2v-hex-i18n.h"

/* A second GHex, started without us, must not be taken for this one: see plugin/cli/ghex.c. */
#define BUS_NAME "io.github.pas2vas.GHex"
#define SEEN_KEY "p2v-ghex-seen"

#define P2V_TYPE_GHEX_HOST (p2v_ghex_host_get_type ())
G_DECLARE_FINAL_TYPE (P2vGhexHost, p2v_ghex_host, P2V, GHEX_HOST, GObject)

/* Lives as long as the program. */
struct _P2vGhexHost
{
  GObject         parent_instance;

  char           *folder;
  P2vHexSettings *settings;     /* NULL before the first view */
  gboolean        is_refusing;  /* a window was not as we know them */
};

G_DEFINE_FINAL_TYPE (P2vGhexHost, p2v_ghex_host, G_TYPE_OBJECT)

static void
p2v_ghex_host_finalize (GObject *object)
{
  P2vGhexHost *self = P2V_GHEX_HOST (object);

  g_free (self->folder);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (p2v_ghex_host_parent_class)->finalize (object);
}

static void
p2v_ghex_host_class_init (P2vGhexHostClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = p2v_ghex_host_finalize;
}

static void
p2v_ghex_host_init (P2vGhexHost *self)
{
}

/* Puts a buffer that cannot write in the place of GHex's own, which would copy the file and open it
 * for writing. A file that we cannot read GHex may try, and say why it cannot. */
static void
replace_buffer (HexDocument *document)
{
  GFile *file = hex_document_get_file (document);
  HexBuffer *buffer = hex_document_get_buffer (document);

  if (!G_IS_FILE (file) || g_file_peek_path (file) == NULL || P2V_IS_HEX_BUFFER (buffer))
    return;
  P2vHexBuffer *ours = p2v_hex_buffer_new (file, NULL);
  /* The document takes over the reference. */
  if (ours != NULL)
    hex_document_set_buffer (document, HEX_BUFFER (ours));
}

/* GHex chooses another buffer for devices, after it has set the file. */
static void
buffer_changed_cb (HexDocument *document)
{
  if (g_object_get_data (G_OBJECT (document), SEEN_KEY) == NULL)
    replace_buffer (document);
}

/* A document got its file: before it is read, and before there is a view. A document that has a
 * view already is a new one that has just been saved, which is none of our business. */
static gboolean
file_name_changed_hook (GSignalInvocationHint *hint,
                        guint                  n_values,
                        const GValue          *values,
                        gpointer               user_data)
{
  HexDocument *document = g_value_get_object (&values[0]);

  if (g_object_get_data (G_OBJECT (document), SEEN_KEY) != NULL)
    return TRUE;
  g_signal_handlers_disconnect_by_func (document, buffer_changed_cb, NULL);
  g_signal_connect (document, "notify::buffer", G_CALLBACK (buffer_changed_cb), NULL);
  replace_buffer (document);
  return TRUE;
}

/* (nullable): */
static P2vGhexWindow *
get_window (P2vGhexHost *self,
            HexWidget   *hex)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (hex));
  g_autoptr (GError) error = NULL;

  if (!GTK_IS_WINDOW (root) || self->is_refusing)
    return NULL;
  P2vGhexWindow *window = p2v_ghex_window_ensure (GTK_WINDOW (root), self->settings, &error);
  if (window == NULL)
    {
      self->is_refusing = TRUE;
      g_printerr ("pas2vas: %s\n", error->message);
    }
  return window;
}

static void
hex_mapped_cb (HexWidget   *hex,
               P2vGhexHost *self)
{
  P2vGhexWindow *window = get_window (self, hex);

  if (window != NULL)
    p2v_ghex_window_show_tab (window, p2v_ghex_tab_from_hex (hex));
}

static void
hex_unmapped_cb (HexWidget   *hex,
                 P2vGhexHost *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (hex));
  P2vGhexTab *tab = p2v_ghex_tab_from_hex (hex);

  if (GTK_IS_WINDOW (root) && tab != NULL)
    p2v_ghex_window_forget_tab (GTK_WINDOW (root), tab);
}

static void
add_actions (P2vGhexHost *self)
{
  static const char *const switches[][2] = {
    { "pas2vas-panel", "panel-visible" },
    { "pas2vas-hover", "hover" },
    { "pas2vas-map", "map-visible" },
  };
  GApplication *application = g_application_get_default ();

  if (!GTK_IS_APPLICATION (application))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    {
      g_autoptr (GPropertyAction) action
          = g_property_action_new (switches[i][0], self->settings, switches[i][1]);
      g_action_map_add_action (G_ACTION_MAP (application), G_ACTION (action));
    }

  static const char *const keys[][2] = {
    { "app.pas2vas-panel", "F9" },
    { "app.pas2vas-map", "F10" },
    { "win.pas2vas-sharing", "<Control><Shift>s" },
  };
  p2v_hex_keys_add (GTK_APPLICATION (application));
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), keys[i][0],
                                           (const char *[]){ keys[i][1], NULL });
  if (g_application_get_dbus_connection (application) != NULL)
    g_bus_own_name_on_connection (g_application_get_dbus_connection (application), BUS_NAME,
                                  G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
}

/* A view of ours, and what to do about it as soon as widgets may be changed. */
typedef struct
{
  P2vGhexHost *host;
  HexWidget   *hex;
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *arrival = data;

  g_object_unref (arrival->host);
  g_object_unref (arrival->hex);
  g_free (arrival);
}

static gboolean
arrive_cb (gpointer user_data)
{
  Arrival *arrival = user_data;
  P2vGhexHost *self = arrival->host;
  HexWidget *hex = arrival->hex;

  /* It may have gone meanwhile. */
  if (gtk_widget_get_root (GTK_WIDGET (hex)) == NULL)
    return G_SOURCE_REMOVE;
  if (self->settings == NULL)
    {
      /* In the build folder; where we are installed, the schema is too. */
      g_autofree char *schema_folder = g_build_filename (self->folder, "..", "hex", NULL);
      self->settings = p2v_hex_settings_new (schema_folder);
      add_actions (self);
    }
  if (get_window (self, hex) == NULL)
    return G_SOURCE_REMOVE;
  p2v_ghex_tab_attach (hex, self->settings);
  g_signal_connect (hex, "map", G_CALLBACK (hex_mapped_cb), self);
  g_signal_connect (hex, "unmap", G_CALLBACK (hex_unmapped_cb), self);
  if (gtk_widget_get_mapped (GTK_WIDGET (hex)))
    hex_mapped_cb (hex, self);
  return G_SOURCE_REMOVE;
}

/* A view has been drawn, perhaps for the first time. Nothing may be changed now. */
static gboolean
draw_complete_hook (GSignalInvocationHint *hint,
                    guint                  n_values,
                    const GValue          *values,
                    gpointer               user_data)
{
  HexWidget *hex = g_value_get_object (&values[0]);
  HexDocument *document = hex_widget_get_document (hex);

  if (document == NULL || g_object_get_data (G_OBJECT (document), SEEN_KEY) != NULL)
    return TRUE;
  g_object_set_data (G_OBJECT (document), SEEN_KEY, document);
  if (!P2V_IS_HEX_BUFFER (hex_document_get_buffer (document)))
    return TRUE;

  Arrival *arrival = g_new0 (Arrival, 1);
  arrival->host = g_object_ref (user_data);
  arrival->hex = g_object_ref (hex);
  g_idle_add_full (G_PRIORITY_HIGH_IDLE, arrive_cb, arrival, arrival_free);
  return TRUE;
}

static gboolean
add_hook (GType                type,
          const char          *signal,
          GSignalEmissionHook  hook,
          P2vGhexHost         *self)
{
  /* The class must be there for its signals to be, and stay for the hook to stay. */
  gpointer klass = g_type_class_ref (type);
  guint id = klass != NULL ? g_signal_lookup (signal, type) : 0;

  if (id != 0)
    g_signal_add_emission_hook (id, 0, hook, g_object_ref (self), g_object_unref);
  else
    /* Translators: the names of a class and of a signal. */
    g_printerr (_("pas2vas: GHex’s %s has no signal “%s”. GHex goes on without the panel.\n"),
                g_type_name (type), signal);
  return id != 0;
}

void
p2v_ghex_start (const char *folder)
{
  g_autoptr (P2vGhexHost) self = g_object_new (P2V_TYPE_GHEX_HOST, NULL);

  p2v_bind_translations ();
  self->folder = g_strdup (folder);
  if (add_hook (HEX_TYPE_WIDGET, "draw-complete", draw_complete_hook, self))
    add_hook (HEX_TYPE_DOCUMENT, "file-name-changed", file_name_changed_hook, self);
}
