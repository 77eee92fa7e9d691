/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright 2026 The pas2vas authors */

/* A second module in GHex, for the test alone: it tells what a person would see. It knows our
 * module from outside only, by its widgets; so the module needs no door for tests.
 *
 * It answers on the socket that P2V_GHEX_PROBE names, a JSON object for each line:
 *   state   what the active window shows
 *   calm    forgets how long the main loop was busy; state tells since
 *   map X Y the colour of a point of the map of memory, as "#rrggbb" */

#include "config.h"

#include <gio/gunixsocketaddress.h>
#include <gtkhex.h>
#include <inttypes.h>
#include <pas2vas-gtk.h>
#include <time.h>

G_MODULE_EXPORT void g_io_module_load (GIOModule *module);
G_MODULE_EXPORT void g_io_module_unload (GIOModule *module);
G_MODULE_EXPORT char **g_io_module_query (void);

typedef struct
{
  GPollFunc  poll;
  GtkWidget *tooltip;        /* shown last; weak */
  gint64     woken_wall_us;  /* when the main loop went to work last */
  gint64     woken_work_us;
  gint64     paint_start_us;
  gint64     paint_us;       /* of it, what GTK took to draw */
  gint64     longest_work_us;
  gint64     longest_wall_us;
  gint64     longest_paint_us;
} Probe;

/* A poll function takes no data. */
static Probe probe;

static gint64
get_work_us (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* The main loop works between two polls. What GTK draws meanwhile, by the processor in this test,
 * is counted apart. */
static int
measuring_poll (GPollFD *fds,
                guint    n_fds,
                int      timeout)
{
  gint64 work_us = get_work_us () - probe.woken_work_us - probe.paint_us;
  gint64 wall_us = g_get_monotonic_time () - probe.woken_wall_us;

  probe.longest_work_us = MAX (probe.longest_work_us, work_us);
  probe.longest_wall_us = MAX (probe.longest_wall_us, wall_us);
  probe.longest_paint_us = MAX (probe.longest_paint_us, probe.paint_us);
  int n_ready = probe.poll (fds, n_fds, timeout);
  probe.paint_us = 0;
  probe.woken_work_us = get_work_us ();
  probe.woken_wall_us = g_get_monotonic_time ();
  return n_ready;
}

static gboolean
before_paint_hook (GSignalInvocationHint *hint,
                   guint                  n_values,
                   const GValue          *values,
                   gpointer               user_data)
{
  probe.paint_start_us = get_work_us ();
  return TRUE;
}

static gboolean
after_paint_hook (GSignalInvocationHint *hint,
                  guint                  n_values,
                  const GValue          *values,
                  gpointer               user_data)
{
  probe.paint_us += get_work_us () - probe.paint_start_us;
  return TRUE;
}

static gboolean
map_hook (GSignalInvocationHint *hint,
          guint                  n_values,
          const GValue          *values,
          gpointer               user_data)
{
  GtkWidget *widget = g_value_get_object (&values[0]);

  if (g_str_equal (G_OBJECT_TYPE_NAME (widget), "GtkTooltipWindow"))
    g_set_weak_pointer (&probe.tooltip, widget);
  return TRUE;
}

/* (nullable): the first mapped widget below @root, depth first, whose type has that name. */
static GtkWidget *
find (GtkWidget  *root,
      const char *type_name)
{
  GtkWidget *found = NULL;

  if (!gtk_widget_get_mapped (root))
    return NULL;
  if (g_str_equal (G_OBJECT_TYPE_NAME (root), type_name))
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL && found == NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find (child, type_name);
  return found;
}

static void
add_string (GString    *json,
            const char *name,
            const char *text)
{
  g_string_append_printf (json, "\"%s\":\"", name);
  for (const char *c = text != NULL ? text : ""; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (json, "\\n");
    else if (*c == '"' || *c == '\\')
      g_string_append_printf (json, "\\%c", *c);
    else
      g_string_append_c (json, *c);
  g_string_append (json, "\",");
}

/* The labels below a widget, one in a line. */
static void
collect_text (GtkWidget *widget,
              GString   *text)
{
  if (GTK_IS_LABEL (widget) && gtk_widget_get_visible (widget))
    g_string_append_printf (text, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_text (child, text);
}

/* In pixels of the X window. */
static void
add_area (GString    *json,
          const char *name,
          GtkWidget  *widget)
{
  GtkNative *native = gtk_widget_get_native (widget);
  graphene_rect_t bounds;
  double x = 0;
  double y = 0;
  int scale = gtk_widget_get_scale_factor (widget);

  if (!gtk_widget_compute_bounds (widget, GTK_WIDGET (native), &bounds))
    return;
  gtk_native_get_surface_transform (native, &x, &y);
  g_string_append_printf (json, "\"%s\":[%d,%d,%d,%d],", name,
                          (int) (bounds.origin.x + x) * scale, (int) (bounds.origin.y + y) * scale,
                          (int) bounds.size.width * scale, (int) bounds.size.height * scale);
}

static void
add_hex (GString   *json,
         GtkWidget *hex)
{
  HexDocument *document = hex_widget_get_document (HEX_WIDGET (hex));
  GFile *file = hex_document_get_file (document);

  g_string_append_printf (json, "\"cursor\":%" PRId64 ",\"size\":%" PRId64 ",\"changed\":%d,",
                          hex_widget_get_cursor (HEX_WIDGET (hex)),
                          hex_buffer_get_payload_size (hex_document_get_buffer (document)),
                          hex_document_has_changed (document));
  GtkAdjustment *lines = hex_widget_get_adjustment (HEX_WIDGET (hex));
  g_string_append_printf (json, "\"top\":%.0f,\"lines\":%.0f,\"page\":%.0f,",
                          gtk_adjustment_get_value (lines), gtk_adjustment_get_upper (lines),
                          gtk_adjustment_get_page_size (lines));
  add_string (json, "file", G_IS_FILE (file) ? g_file_peek_path (file) : NULL);
  for (GtkWidget *child = gtk_widget_get_first_child (hex); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_DRAWING_AREA (child) && gtk_widget_get_mapped (child))
      add_area (json, gtk_widget_get_name (child), child);
}

static void
add_rows (GString   *json,
          P2vAnswer *answer)
{
  g_string_append (json, "\"rows\":[");
  for (guint64 i = 0; i < p2v_answer_get_n_rows (answer); i++)
    {
      P2vMapping row;
      p2v_answer_get_row (answer, i, &row);
      g_string_append_printf (json, "%s[%" PRId64 ",%" PRIu64 "]", i > 0 ? "," : "",
                              p2v_process_get_pid (row.process), row.va);
    }
  g_string_append_printf (json, "],\"complete\":%d,", p2v_answer_is_complete (answer));
}

static void
add_panel (GString  *json,
           P2vPanel *panel)
{
  P2vSession *session = p2v_panel_get_session (panel);
  P2vAnswer *answer = p2v_panel_get_answer (panel);
  P2vPhysAddr pa = 0;
  g_autoptr (GString) text = g_string_new (NULL);

  add_area (json, "panel", GTK_WIDGET (panel));
  if (session != NULL)
    g_string_append_printf (json, "\"stage\":%d,", (int) p2v_session_get_stage (session));
  if (p2v_panel_get_address (panel, &pa))
    g_string_append_printf (json, "\"pa\":%" PRIu64 ",", pa);
  if (answer != NULL)
    g_string_append_printf (json, "\"answer_pa\":%" PRIu64 ",", p2v_answer_get_pa (answer));
  if (answer != NULL)
    add_rows (json, answer);
  collect_text (GTK_WIDGET (panel), text);
  add_string (json, "panel_text", text->str);
}

static void
add_map (GString   *json,
         GtkWidget *map)
{
  GtkWidget *list = find (map, "GtkListBox");
  guint n_lines = 0;

  while (list != NULL && gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), (int) n_lines) != NULL)
    n_lines++;
  add_area (json, "map", find (map, "P2vMapCanvas"));
  g_string_append_printf (json, "\"map_lines\":%u,", n_lines);
}

/* What keys would reach, and whether the pointer is on a handle that can be dragged. */
static void
add_focus (GString   *json,
           GtkWindow *window)
{
  GtkWidget *focus = gtk_window_get_focus (window);
  gboolean on_handle = FALSE;

  g_string_append_printf (json, "\"active\":%d,", gtk_window_is_active (window));
  add_string (json, "focus", focus != NULL ? G_OBJECT_TYPE_NAME (focus) : "");
  if (GTK_IS_EDITABLE (focus))
    add_string (json, "focus_text", gtk_editable_get_text (GTK_EDITABLE (focus)));
  for (GtkWidget *pane = find (GTK_WIDGET (window), "P2vPanel"); pane != NULL;
       pane = gtk_widget_get_parent (pane))
    for (GtkWidget *child = GTK_IS_PANED (pane) ? gtk_widget_get_first_child (pane) : NULL;
         child != NULL; child = gtk_widget_get_next_sibling (child))
      on_handle |= g_str_equal (G_OBJECT_TYPE_NAME (child), "GtkPanedHandle")
                   && (gtk_widget_get_state_flags (child) & GTK_STATE_FLAG_PRELIGHT) != 0;
  g_string_append_printf (json, "\"on_handle\":%d,", on_handle);
}

static void
add_window (GString   *json,
            GtkWidget *window)
{
  /* Find and replace have hex views, too. */
  GtkWidget *tabs = find (window, "AdwTabView");
  GtkWidget *hex = tabs != NULL ? find (tabs, "HexWidget") : NULL;
  GtkWidget *panel = find (window, "P2vPanel");
  GtkWidget *bar = find (window, "P2vHexBar");
  GtkWidget *view = bar != NULL ? find (bar, "GtkDropDown") : NULL;

  add_string (json, "title", gtk_window_get_title (GTK_WINDOW (window)));
  add_focus (json, GTK_WINDOW (window));
  if (hex != NULL)
    add_hex (json, hex);
  if (panel != NULL)
    add_panel (json, P2V_PANEL (panel));
  if (find (window, "P2vMemoryMap") != NULL)
    add_map (json, find (window, "P2vMemoryMap"));
  if (view != NULL)
    {
      gpointer item = gtk_drop_down_get_selected_item (GTK_DROP_DOWN (view));
      g_autoptr (GString) text = g_string_new (NULL);
      add_string (json, "view", item != NULL ? gtk_string_object_get_string (item) : "");
      add_area (json, "view_area", view);
      collect_text (bar, text);
      add_string (json, "bar_text", text->str);
    }
}

static char *
dup_state (void)
{
  GString *json = g_string_new ("{");
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  guint n_windows = 0;

  for (GList *link = windows; link != NULL; link = link->next)
    if (GTK_IS_APPLICATION_WINDOW (link->data) && gtk_widget_get_mapped (link->data))
      {
        if (n_windows++ == 0)
          add_window (json, link->data);
      }
    else if (GTK_IS_WINDOW (link->data) && gtk_widget_get_mapped (link->data))
      {
        g_autoptr (GString) text = g_string_new (NULL);
        add_string (json, "dialog", G_OBJECT_TYPE_NAME (link->data));
        add_string (json, "dialog_title", gtk_window_get_title (link->data));
        collect_text (link->data, text);
        add_string (json, "dialog_text", text->str);
      }
  if (probe.tooltip != NULL && gtk_widget_get_mapped (probe.tooltip))
    {
      g_autoptr (GString) text = g_string_new (NULL);
      collect_text (probe.tooltip, text);
      add_string (json, "tooltip", text->str);
    }
  g_string_append_printf (json,
                          "\"work_us\":%" PRId64 ",\"wall_us\":%" PRId64 ",\"paint_us\":%" PRId64
                          ",\"windows\":%u}\n",
                          probe.longest_work_us, probe.longest_wall_us, probe.longest_paint_us,
                          n_windows);
  return g_string_free (json, FALSE);
}

/* (nullable): the first mapped widget of that type in any window. */
static GtkWidget *
find_anywhere (const char *type_name)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  GtkWidget *found = NULL;

  for (GList *link = windows; link != NULL && found == NULL; link = link->next)
    found = find (link->data, type_name);
  return found;
}

static char *
dup_map_colour (int x,
                int y)
{
  GtkWidget *canvas = find_anywhere ("P2vMapCanvas");

  if (canvas == NULL)
    return g_strdup ("null\n");
  int width = gtk_widget_get_width (canvas);
  int height = gtk_widget_get_height (canvas);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (canvas);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  gdk_paintable_snapshot (paintable, snapshot, width, height);
  g_autoptr (GskRenderNode) node = gtk_snapshot_free_to_node (snapshot);
  GskRenderer *renderer = gtk_native_get_renderer (gtk_widget_get_native (canvas));
  const graphene_rect_t point = GRAPHENE_RECT_INIT ((float) x, (float) y, 1, 1);
  guint32 pixel = 0;
  g_autoptr (GdkTexture) texture
      = node != NULL ? gsk_renderer_render_texture (renderer, node, &point) : NULL;
  if (texture != NULL)
    gdk_texture_download (texture, (guchar *) &pixel, sizeof pixel);
  return g_strdup_printf ("\"#%06x\"\n", pixel & 0xffffff);
}

static char *
dup_answer (const char *line)
{
  int x = 0;
  int y = 0;

  if (g_str_equal (line, "state"))
    return dup_state ();
  if (sscanf (line, "map %d %d", &x, &y) == 2)
    return dup_map_colour (x, y);
  return g_strdup ("{}\n");
}

static void
line_read_cb (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr (GIOStream) connection = user_data;
  GDataInputStream *input = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (input, result, NULL, NULL);

  if (line == NULL)
    {
      g_object_unref (input);
      return;
    }
  g_autofree char *answer = dup_answer (line);
  if (g_str_equal (line, "calm"))
    probe.longest_work_us = probe.longest_wall_us = probe.longest_paint_us = 0;
  g_output_stream_write_all (g_io_stream_get_output_stream (connection), answer, strlen (answer),
                             NULL, NULL, NULL);
  /* Answering takes longer than what is to be measured. */
  probe.woken_work_us = get_work_us ();
  probe.woken_wall_us = g_get_monotonic_time ();
  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_read_cb,
                                       g_steal_pointer (&connection));
}

static gboolean
incoming_cb (GSocketService    *service,
             GSocketConnection *connection,
             GObject           *source,
             gpointer           user_data)
{
  GDataInputStream *input
      = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));

  g_data_input_stream_read_line_async (input, G_PRIORITY_DEFAULT, NULL, line_read_cb,
                                       g_object_ref (connection));
  return TRUE;
}

static void
add_hook (GType               type,
          const char         *signal,
          GSignalEmissionHook hook)
{
  g_type_class_ref (type);
  g_signal_add_emission_hook (g_signal_lookup (signal, type), 0, hook, NULL, NULL);
}

void
g_io_module_load (GIOModule *module)
{
  const char *path = g_getenv ("P2V_GHEX_PROBE");
  GSocketService *service = g_socket_service_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  g_type_module_use (G_TYPE_MODULE (module));
  g_assert_true (g_socket_listener_add_address (G_SOCKET_LISTENER (service), address,
                                                G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                                NULL, NULL, NULL));
  g_signal_connect (service, "incoming", G_CALLBACK (incoming_cb), NULL);
  probe.poll = g_main_context_get_poll_func (NULL);
  probe.woken_work_us = get_work_us ();
  probe.woken_wall_us = g_get_monotonic_time ();
  g_main_context_set_poll_func (NULL, measuring_poll);
  add_hook (GDK_TYPE_FRAME_CLOCK, "before-paint", before_paint_hook);
  add_hook (GDK_TYPE_FRAME_CLOCK, "after-paint", after_paint_hook);
  add_hook (GTK_TYPE_WIDGET, "map", map_hook);
}

void
g_io_module_unload (GIOModule *module)
{
}

char **
g_io_module_query (void)
{
  return g_new0 (char *, 1);
}
