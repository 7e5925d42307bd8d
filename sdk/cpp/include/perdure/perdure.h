// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Everything that a program with orchestrations needs. Their tests: perdure/test_host.h (virtual
// time) and perdure/testing.h (recorded histories).
#pragma once

#include "perdure/activity.h"
#include "perdure/client.h"
#include "perdure/codec.h"
#include "perdure/entity.h"
#include "perdure/failure.h"
#include "perdure/fields.h"
#include "perdure/future.h"
#include "perdure/host.h"
#include "perdure/orchestration.h"
#include "perdure/registry.h"
#include "perdure/result.h"
#include "perdure/retry.h"
#include "perdure/speculative.h"
#include "perdure/task.h"
#include "perdure/version.h"
