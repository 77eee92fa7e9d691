/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* P2vSurvey: a stretch of physical memory in a given number of cells, for a picture: who owns most
 * of each, how many share it, what it is. Made by one pass over the index; immutable then, and
 * readable from any thread.
 *
 * Places are counted in frames that the image holds, from its first on: holes take no room. */

#pragma once

#if !defined (P2V_INSIDE) && !defined (P2V_COMPILATION)
#error "Only <pas2vas.h> can be included directly."
#endif

#include "p2v-frame.h"
#include "p2v-session.h"
#include "p2v-sharing.h"

G_BEGIN_DECLS

/**
 * P2vSurveyCell:
 * @start_pa: physical address of its first frame
 * @end_pa: of the byte behind its last frame; what lies between may have holes
 * @n_frames: frames, all of them in the image; never 0
 * @n_mapped: of them, mapped by processes
 * @n_shared: of them, mapped by two processes or more
 * @owner: (nullable): the address space that alone has the most of them
 * @n_owned: how many @owner has alone
 * @sharing: what most of the mapped ones are, by the number of their processes
 * @kind: what most of those looked at are used for; %P2V_FRAME_KIND_UNKNOWN without kinds
 *
 * Some frames behind each other. The address space lives as long as the survey.
 */
typedef struct
{
  P2vPhysAddr      start_pa;
  P2vPhysAddr      end_pa;
  guint64          n_frames;
  guint64          n_mapped;
  guint64          n_shared;
  P2vAddressSpace *owner;
  guint64          n_owned;
  P2vSharingClass  sharing;
  P2vFrameKind     kind;
} P2vSurveyCell;

/**
 * P2vSurveyOwner:
 * @space: an address space; lives as long as the survey
 * @n_frames: frames that it alone has
 *
 * What an address space has for itself in the surveyed stretch.
 */
typedef struct
{
  P2vAddressSpace *space;
  guint64          n_frames;
} P2vSurveyOwner;

typedef struct _P2vSurvey P2vSurvey;

#define P2V_TYPE_SURVEY (p2v_survey_get_type ())
P2V_AVAILABLE_IN_1_0
GType p2v_survey_get_type (void);

P2V_AVAILABLE_IN_1_0
P2vSurvey            *p2v_survey_new            (P2vSession          *session,
                                                 guint64              first_frame,
                                                 guint64              n_frames,
                                                 guint                n_cells,
                                                 gboolean             with_kinds,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
P2V_AVAILABLE_IN_1_0
P2vSurvey            *p2v_survey_ref            (P2vSurvey           *self);
P2V_AVAILABLE_IN_1_0
void                  p2v_survey_unref          (P2vSurvey           *self);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_first_frame (P2vSurvey          *self);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_n_frames   (P2vSurvey           *self);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_n_all_frames (P2vSurvey         *self);
P2V_AVAILABLE_IN_1_0
guint                 p2v_survey_get_n_cells    (P2vSurvey           *self);
P2V_AVAILABLE_IN_1_0
const P2vSurveyCell  *p2v_survey_get_cell       (P2vSurvey           *self,
                                                 guint                position);
P2V_AVAILABLE_IN_1_0
gboolean              p2v_survey_find_cell      (P2vSurvey           *self,
                                                 P2vPhysAddr          pa,
                                                 guint               *ret_position);
P2V_AVAILABLE_IN_1_0
const P2vSurveyOwner *p2v_survey_get_owners     (P2vSurvey           *self,
                                                 guint               *ret_n_owners);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_n_shared   (P2vSurvey           *self);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_n_unmapped (P2vSurvey           *self);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_n_sharing  (P2vSurvey           *self,
                                                 P2vSharingClass      sharing);
P2V_AVAILABLE_IN_1_0
guint64               p2v_survey_get_n_of_kind  (P2vSurvey           *self,
                                                 P2vFrameKind         kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P2vSurvey, p2v_survey_unref)

G_END_DECLS
