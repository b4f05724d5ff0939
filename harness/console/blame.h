// SPDX-License-Identifier: GPL-2.0
// Which functions of a trace are not to blame. Private to console.
#pragma once

#include <string_view>

namespace pinrig::console {

/// True for functions that only report what another one did: dump_stack, panic, __warn, kasan_report, the
/// exception entry code, lockdep.
bool only_reports(std::string_view function);
/// True for functions that do to an object what their caller asks for, and fail for what it made of the
/// object: locks, timers, work items, string functions, allocators. Other functions of mm/ are never among
/// them: pin bugs are usually there.
bool serves_its_caller(std::string_view function);
/// True for waits (completions, pages, frozen queues) and the scheduler: in reports about stuck tasks or
/// CPUs, and about locking, their caller is to blame.
bool only_waits(std::string_view function);
/// True for the way into the kernel: system calls and kernel threads.
bool only_enters(std::string_view function);

}  // namespace pinrig::console
