/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The only header an application includes. */

#pragma once

#define P2V_INSIDE
#include "p2v-types.h"
#include "p2v-image.h"
#include "p2v-process.h"
#include "p2v-mapping.h"
#include "p2v-frame.h"
#include "p2v-answer.h"
#include "p2v-system.h"
#include "p2v-cache.h"
#include "p2v-session.h"
#include "p2v-frame-reader.h"
#include "p2v-bulk.h"
#include "p2v-export.h"
#include "p2v-sharing-export.h"
#include "p2v-sharing.h"
#include "p2v-survey.h"
#include "p2v-translation.h"
#undef P2V_INSIDE
