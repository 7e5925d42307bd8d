// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/chaining [--data DIR]
#include "chaining/chaining.h"
#include "program.h"

int main(int count, char** values) {
  perdure::Host host(example::host_options(count, values));
  host.orchestration("publish_photo", chaining::publish_photo)
      .activity("scale", chaining::scale)
      .activity("mark", chaining::mark)
      .activity("publish", chaining::publish);
  return example::run_to_end(host, "publish_photo",
                             chaining::Photo{.title = "harbour", .width = 6000});
}
