// SPDX-License-Identifier: GPL-2.0
// PR_SET_PDEATHSIG refers to the thread that forked, not to its process (forget_original_parent() in
// kernel/exit.c goes through the children of the thread that ends): a Child started by a worker would be
// killed when that worker ends. So they are all started by one thread that never does. Private to the module.
#pragma once

#include <exception>
#include <functional>
#include <optional>

namespace pinrig::process {

/// Runs `job` on that thread and waits for its end. Exceptions are rethrown here.
void on_launcher_thread(const std::function<void()>& job);

}  // namespace pinrig::process
