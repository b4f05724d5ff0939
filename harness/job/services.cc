// SPDX-License-Identifier: GPL-2.0
#include "job/services.h"

namespace pinrig::job {

WorkContext work_context(const Services& s, const std::string& task, const std::string& what) {
  WorkContext ctx;
  ctx.project = s.paths.project;
  ctx.cache = s.paths.cache;
  ctx.cancel = &s.cancel;
  ctx.jobs = s.jobs;
  ctx.progress = [&s, task, what](const Progress& p) {
    s.observer.on({.kind = Event::Kind::progress,
                   .task = task,
                   .what = what,
                   .text = p.what,
                   .done = p.done,
                   .known = p.known,
                   .left_s = p.left_s});
  };
  return ctx;
}

}  // namespace pinrig::job
