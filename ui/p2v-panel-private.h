/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The inside of a panel, for its files: p2v-panel-place.c is told where the cursor is and looks up,
 * p2v-panel-frame.c and p2v-panel-pages.c read, p2v-panel-show.c shows, p2v-panel-actions.c does,
 * p2v-panel-output.c copies and exports, p2v-panel-host.c asks the host; p2v-panel.c is the widget
 * around them. */

#pragma once

#include "p2v-panel.h"

#include "p2v-driver.h"
#include "p2v-go-to.h"
#include "p2v-mapping-view.h"
#include "p2v-sharers-popover.h"
#include "p2v-trail-view.h"
#include "p2v-vicinity.h"

G_BEGIN_DECLS

/* What the host told last. */
typedef enum
{
  P2V_PLACE_NONE,
  P2V_PLACE_PHYSICAL,
  P2V_PLACE_OFFSET,
} P2vPlaceKind;

typedef struct _P2vArrival P2vArrival;

struct _P2vPanel
{
  GtkWidget           parent_instance;

  P2vSession         *session;
  P2vDriver          *driver;
  P2vFilter          *filter;        /* NULL: what is said when nothing was chosen */
  P2vAnswer          *answer;        /* NULL: none yet */
  P2vPlaceKind        place_kind;
  guint64             place;         /* a physical address or a file offset, see @place_kind */
  gboolean            has_pa;
  P2vPhysAddr         pa;
  gboolean            shows_kernel;  /* also the kernel's mappings that are hidden otherwise */
  gboolean            shows_every_address;
  guint               update_id;
  P2vFrame           *frame;         /* what the frame of @pa is; NULL: not known yet */
  GCancellable       *describing;    /* while @frame is being read */
  P2vStage            stage;         /* of @session, as it was told last */
  GCancellable       *asking;        /* while something about a row's page is being read */
  P2vProcess         *virtual_process; /* not owned, only compared; NULL: another kind of place */
  guint64             virtual_page;  /* that it was told last */
  P2vArrival         *arrival;       /* what to show where the cursor was sent; NULL: nothing */

  GSimpleActionGroup *actions;
  GCancellable       *output;        /* of a running copy or export */
  GtkFileChooserNative *chooser;     /* of an export; NULL: none is shown */

  GMenu              *table_menu;    /* a part of the panel's menu, filled in by code */
  GtkLabel           *physical_label;
  GtkLabel           *offset_label;
  GtkLabel           *frame_label;
  GtkLabel           *verdict_label;
  GtkMenuButton      *go_to_button;
  P2vGoTo            *go_to;
  GtkMenuButton      *sharers_button;
  P2vSharersPopover  *sharers_popover;
  GtkRevealer        *filter_revealer;
  GtkSearchEntry     *filter_entry;
  GtkWidget          *status_box;
  GtkProgressBar     *progress_bar;
  GtkLabel           *status_label;
  GtkButton          *status_button;
  GtkInfoBar         *info_bar;
  GtkLabel           *info_label;
  GtkStack           *stack;
  GtkLabel           *message_title;
  GtkLabel           *message_text;
  GtkWidget          *clear_filter_button;
  P2vMappingView     *view;
  P2vTrailView       *trail_view;
  GtkWidget          *pages_box;
  GtkLabel           *pages_label;
  GtkLabel           *coverage_label;
  GtkWidget          *kernel_button;
  GtkMenuButton      *notes_button;
  GtkLabel           *notes_label;
};

/* In p2v-panel.c */
P2vMappingView *p2v_panel_get_view       (P2vPanel         *self);

/* In p2v-panel-place.c */
/* Looks up the place and shows what comes of it. Touches memory only. */
void            p2v_panel_update         (P2vPanel         *self);
/* The same before the next drawing. */
void            p2v_panel_queue_update   (P2vPanel         *self);
/* Makes the filter of what was chosen, and looks up again. */
void            p2v_panel_update_filter  (P2vPanel         *self);

/* In p2v-panel-host.c */
void            p2v_panel_add_signals    (void);
void            p2v_panel_tell_stage_changed (P2vPanel     *self);
void            p2v_panel_jump_to_offset (P2vPanel         *self,
                                          guint64           file_offset);
void            p2v_panel_jump_to_pa     (P2vPanel         *self,
                                          P2vPhysAddr       pa);
/* Asks the host to show the panel. */
void            p2v_panel_reveal         (P2vPanel         *self);
/* To a byte of a process, in whatever way the host can show it. */
void            p2v_panel_jump_to_mapping (P2vPanel        *self,
                                          const P2vMapping *mapping);
/* FALSE if the host has no place for it. */
gboolean        p2v_panel_select_in_host (P2vPanel         *self,
                                          P2vProcess       *process,
                                          const P2vVicinity *vicinity);

/* In p2v-panel-frame.c */
/* Reads what the frame of the answer is unless that is known, and shows it then. */
void            p2v_panel_describe_frame (P2vPanel       *self);
void            p2v_panel_forget_frame   (P2vPanel       *self);

/* In p2v-panel-pages.c */
/* Reads what is asked about the selected row's page, and acts on it. */
void            p2v_panel_ask            (P2vPanel         *self,
                                          P2vVicinityKind   kind);
void            p2v_panel_stop_asking    (P2vPanel         *self);
/* Once the cursor is on the byte of @mapping its row is selected and @note shown, which is NULL or
 * taken over. */
void            p2v_panel_expect         (P2vPanel         *self,
                                          const P2vMapping *mapping,
                                          char             *note);
/* Whether that is expected already. */
gboolean        p2v_panel_expects        (P2vPanel         *self,
                                          const P2vMapping *mapping);
void            p2v_panel_show_arrival   (P2vPanel         *self);
void            p2v_panel_forget_arrival (P2vPanel         *self);
/* (nullable): what there is to say about how the cursor came here. */
const char     *p2v_panel_get_note       (P2vPanel         *self);

/* In p2v-panel-show.c. What is as it was is not touched, so that nothing is laid out for it. */
void            p2v_panel_show_place     (P2vPanel       *self);
void            p2v_panel_show_answer    (P2vPanel       *self);
/* Whose pages the buttons step through. */
void            p2v_panel_show_pages     (P2vPanel       *self);
/* What the driver does, and what could not be read so far. */
void            p2v_panel_show_status    (P2vPanel       *self);
/* Shows @text in the panel's own bar, not in a dialog; NULL takes it away. */
void            p2v_panel_show_info      (P2vPanel       *self,
                                          GtkMessageType  type,
                                          const char     *text);

/* In p2v-panel-output.c */
void            p2v_panel_copy_text      (P2vPanel       *self,
                                          const char     *text);
/* The rows that are shown to the clipboard: one column, or all with %P2V_N_COLUMNS. */
void            p2v_panel_copy_rows      (P2vPanel       *self,
                                          P2vColumnId     column);
/* Asks for a file, and writes the rows of @answer to it that are shown, or everything if it is
 * NULL. */
void            p2v_panel_export         (P2vPanel       *self,
                                          const char     *title,
                                          P2vAnswer      *answer);
/* Cancels what is being written and closes a dialog that is being shown. */
void            p2v_panel_stop_output    (P2vPanel       *self);

/* In p2v-panel-actions.c */
void            p2v_panel_actions_init   (P2vPanel       *self);
/* Enables what makes sense now. */
void            p2v_panel_actions_update (P2vPanel       *self);
void            p2v_panel_actions_dispose (P2vPanel      *self);

G_END_DECLS
