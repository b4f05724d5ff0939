// SPDX-License-Identifier: GPL-2.0
#include "job/services.h"

namespace pinrig::job {

git::Context git_context(const Services& s, const std::string& task) {
  git::Context ctx;
  ctx.cache = s.paths.cache;
  ctx.cancel = &s.cancel;
  ctx.progress = [&s, task](const std::string& what, std::uint64_t done, std::uint64_t total) {
    s.observer.on({.kind = Event::Kind::progress,
                   .task = task,
                   .what = "source",
                   .text = what,
                   .done = double(done),
                   .known = double(total)});
  };
  return ctx;
}

}  // namespace pinrig::job
