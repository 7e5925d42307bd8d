// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A value is decoded into a default-constructed one.
// expected: give the type a default constructor or specialise perdure::Codec
#include "perdure/perdure.h"

struct Point {
#ifdef PERDURE_MUST_FAIL
  explicit Point(int value) : x(value) {}
#endif
  int x = 0;
  PERDURE_FIELDS(Point, x);
};

int use() { return perdure::Codec<Point>::decode("{}").x; }
