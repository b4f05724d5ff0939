// SPDX-License-Identifier: GPL-2.0
#include "console/report.h"

#include <algorithm>
#include <array>

#include "console/blame.h"

namespace pinrig::console {
namespace {

/// Lines of a report that are not frames, by how they begin (after leading spaces). x86 and arm64 register
/// dumps, arm64's "Mem abort info", dump_page() of mm/debug.c, KASAN's description, lockdep's sections.
constexpr auto parts = std::to_array<std::string_view>({"CPU:",
                                                        "Hardware name:",
                                                        "Workqueue:",
                                                        "Tainted:",
                                                        "RIP:",
                                                        "RSP:",
                                                        "RAX:",
                                                        "RDX:",
                                                        "RBP:",
                                                        "R10:",
                                                        "R13:",
                                                        "FS:",
                                                        "CS:",
                                                        "CR2:",
                                                        "CR3",
                                                        "DR0:",
                                                        "DR3:",
                                                        "PKRU:",
                                                        "Code:",
                                                        "#PF:",
                                                        "PGD ",
                                                        "Oops",
                                                        "Mem abort",
                                                        "ESR = ",
                                                        "EC = ",
                                                        "SET = ",
                                                        "EA = ",
                                                        "FSC = ",
                                                        "Data abort",
                                                        "ISV = ",
                                                        "CM = ",
                                                        "GCS = ",
                                                        "swapper",
                                                        "user pgtable",
                                                        "[",
                                                        "pstate:",
                                                        "pc : ",
                                                        "lr : ",
                                                        "sp : ",
                                                        "x2",
                                                        "x1",
                                                        "x0",
                                                        "x5",
                                                        "x8",
                                                        "Modules linked in:",
                                                        "</",
                                                        "<",
                                                        "page:",
                                                        "page ",
                                                        "flags:",
                                                        "raw:",
                                                        "page_type:",
                                                        "head:",
                                                        "anon ",
                                                        "ksm ",
                                                        "pgd:",
                                                        "addr:",
                                                        "file:",
                                                        "aops:",
                                                        "dentry name",
                                                        "memcg:",
                                                        "task:",
                                                        "note:",
                                                        "irq event stamp",
                                                        "hardirqs",
                                                        "softirqs",
                                                        "handlers:",
                                                        "Disabling IRQ",
                                                        "Read of",
                                                        "Write of",
                                                        "Allocated by",
                                                        "Freed by",
                                                        "The buggy",
                                                        "Memory state",
                                                        ">ff",
                                                        "ff",
                                                        "which belongs",
                                                        "located",
                                                        "stack backtrace",
                                                        "other info",
                                                        "no locks",
                                                        "1 lock",
                                                        "2 locks",
                                                        "3 locks",
                                                        "#0:",
                                                        "#1:",
                                                        "#2:",
                                                        "rcu:",
                                                        "Sending NMI",
                                                        "Showing busy workqueues",
                                                        "Showing backtraces",
                                                        "workqueue ",
                                                        "pwq ",
                                                        "in-flight:",
                                                        "pending:",
                                                        "inactive:",
                                                        "delayed:",
                                                        "pool ",
                                                        "unreferenced object",
                                                        "comm \"",
                                                        "hex dump",
                                                        "backtrace",
                                                        "Uninit was",
                                                        "Local variable",
                                                        "Bytes ",
                                                        "NMI backtrace",
                                                        "Kernel Offset:",
                                                        "SMP: stopping",
                                                        "PHYS_OFFSET",
                                                        "CPU features:",
                                                        "Memory Limit:",
                                                        "Rebooting in",
                                                        "\"echo 0",
                                                        "Not tainted",
                                                        "in_atomic",
                                                        "preempt_count",
                                                        "RCU nest",
                                                        "dump_stack",
                                                        "Stack:",
                                                        "Exception stack",
                                                        "Last potentially",
                                                        "BUG:",
                                                        "invalid opcode",
                                                        "value changed",
                                                        "Reported by",
                                                        "write to",
                                                        "read to",
                                                        "but task",
                                                        "and this task",
                                                        "index ",
                                                        "shift exponent",
                                                        "load of",
                                                        "signed integer",
                                                        "member access",
                                                        "is out of range"});

bool is_part(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view p) { return text.starts_with(p); });
}

/// "fn file.c:12 [inline]" comes from a stack decoder.
bool is_inlined(std::string_view text) { return text.find(" [inline]") != std::string_view::npos; }

bool is_frame(std::string_view text) {
  if (is_inlined(text)) return true;
  const std::size_t at = text.find("+0x");
  if (at != std::string_view::npos && text.find("/0x", at) != std::string_view::npos) return true;
  const std::size_t source = text.find(" (");
  return source != std::string_view::npos && is_source(text.substr(source));
}

bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

/// A line of nothing but '='.
bool is_banner(std::string_view text) {
  return text.size() >= 20 && text.find_first_not_of('=') == std::string_view::npos;
}

/// "next+0x0/0x40" of a call that never returns: its caller ends there, and the name is that of the function
/// behind it (arch/arm64/kernel/stacktrace.c, "%pSb"; x86 prints "%pB", which is that of the caller). " (P"
/// marks the address of an exception.
bool follows_the_caller(std::string_view frame) {
  const std::size_t at = frame.find("+0x0/0x");
  return at != std::string_view::npos && frame.find(" (P", at) == std::string_view::npos;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 300)) out += (c >= ' ' && c < '\x7f') ? c : '?';
  return out;
}

Report::Report(const Match& match, const Message& message, int first_line, int line, const std::string& owner)
    : extent_(match.row->extent), caller_(message.caller), doubtful_(match.row->only_with_trace) {
  event_.kind = match.row->kind;
  event_.title = match.title;
  event_.fatal = match.row->fatal;
  event_.first_line = first_line;
  event_.last_line = line;
  event_.owner = owner;
  blame(match.function);
  if (extent_ == Extent::line) open_ = false;
  inlined_ = is_inlined(message.text);
  in_trace_ = event_.title.starts_with("KMSAN:");  // mm/kmsan/report.c has no "Call Trace:"
  keep(message.text);
  text_lines_ = 1;
}

/// The function that the head names, without the compiler's suffix; who is innocent leaves it to the trace.
void Report::blame(std::string_view function) {
  event_.function = skipped(function) ? "" : function.substr(0, function.find('.'));
}

void Report::keep(std::string_view text) {
  constexpr std::size_t most = 60;
  if (event_.text.size() < most) event_.text.push_back(printable(text));
}

bool Report::absorbs(const Row& row) const {
  const std::string_view kind = row.kind;
  // A decoder printed the head once for each function that is inlined there; the last one was not inlined.
  if (inlined_ && event_.kind == kind && !seen_trace_) return true;
  // So does a mail program that breaks long lines: the rest of the head is on the next one.
  if (event_.kind == "kasan" && kind == "kasan" && !seen_trace_ && !seen_cpu_) return true;
  if (event_.kind == "oops" || event_.kind == "bug") return kind == "oops" && !seen_trace_;
  // mm/kasan/report.c, print_address_description(), dumps the page.
  if (event_.kind == "bad_page" || event_.kind == "kasan" || event_.kind == "kfence")
    return kind == "page_dump";
  // kernel/locking/lockdep.c, lockdep_init_map_type(): DEBUG_LOCKS_WARN_ON() follows.
  if (event_.title.starts_with("lockdep: key")) return kind == "warning" && !seen_trace_;
  if (event_.kind == "refcount") return (kind == "refcount" || kind == "warning") && !seen_trace_;
  return event_.kind == kind && (kind == "oom" || kind == "rcu_stall");
}

void Report::absorb(const Match& match, std::string_view text, int line) {
  keep(text);
  text_lines_ = event_.text.size();
  event_.last_line = line;
  idle_ = 0;
  if (event_.kind == match.row->kind && (inlined_ || event_.kind == "kasan")) {
    event_.title = match.title;
    blame(match.function);
    inlined_ = is_inlined(text);
  }
  constexpr std::string_view dumped = "page dumped: ";
  if (match.row->kind == std::string_view("page_dump") && suffix_.empty() && event_.kind == "bad_page") {
    suffix_ = " (" + match.title.substr(std::min(dumped.size(), match.title.size())) + ")";
  }
}

bool Report::take(std::string_view text, int line) {
  const bool taken = reaches(text, line);
  if (!taken) return false;
  // What other writers put in between stays where it was; what they add behind the report goes.
  keep(text);
  if (event_.last_line == line) text_lines_ = event_.text.size();
  return true;
}

bool Report::reaches(std::string_view text, int line) {
  constexpr int max_lines = 500;
  if (++taken_ > max_lines) open_ = false;
  if (!open_) return false;
  if (contains(text, "---[ end ")) {  // "trace 0000000000000000 ]---", "Kernel panic - not syncing: ... ]---"
    event_.last_line = line;
    open_ = false;
    return true;
  }
  if (is_banner(text)) {
    const bool closing = extent_ == Extent::banner && taken_ > 2;
    if (closing) event_.last_line = line;
    if (closing || seen_trace_) open_ = false;
    return closing || open_;
  }
  return belongs(text, line);
}

bool Report::begins_trace(std::string_view text) const {
  if (text.starts_with("Call Trace:") || text.starts_with("Call trace:")) return true;
  // mm/kmemleak.c, print_unreferenced()
  const std::size_t at = text.find_first_not_of(' ');
  return event_.kind == "memory_leak" && at != std::string_view::npos &&
         text.substr(at).starts_with("backtrace");
}

bool Report::belongs(std::string_view text, int line) {
  if (begins_trace(text)) {
    in_trace_ = seen_trace_ = true;
    doubtful_ = false;
    event_.last_line = line;
    idle_ = 0;
    return true;
  }
  const bool frame = is_frame(text);
  if (frame) look_for_function(text);
  access_kind(text);
  name_work(text);
  if (text.starts_with("CPU: ")) {
    doubtful_ = false;
    seen_cpu_ = true;
  }
  if (frame || is_part(text)) {
    event_.last_line = line;
    idle_ = 0;
    return true;
  }
  // Before the trace other writers may come between; behind it the first foreign line is the end.
  const int patience = event_.kind == "lockdep" ? 200 : extent_ == Extent::banner ? 60 : seen_trace_ ? 0 : 12;
  if (++idle_ > patience) open_ = false;
  return open_;
}

/// Who waits or serves is not to blame for it: the one who called is. The first of them is remembered, in
/// case there is no other.
bool Report::skipped(std::string_view function) {
  constexpr std::array<std::string_view, 8> waiting{"hung_task", "soft_lockup",  "hard_lockup", "rcu_stall",
                                                    "lockdep",   "atomic_sleep", "preemptible", "lock"};
  if (function.empty() || only_reports(function)) return true;
  const bool waits =
      std::find(waiting.begin(), waiting.end(), event_.kind) != waiting.end() && only_waits(function);
  if (!waits && !serves_its_caller(function)) return false;
  if (servant_.empty()) servant_ = function;
  return true;
}

void Report::look_for_function(std::string_view text) {
  if (!event_.function.empty()) return;
  while (text.starts_with(' ')) text.remove_prefix(1);
  for (const std::string_view where : {"RIP: ", "pc : "}) {
    if (!text.starts_with(where)) continue;
    text.remove_prefix(where.size());
    const std::string_view at = function_at(text);
    if (!skipped(at)) event_.function = at;
    pc_ = text.substr(0, text.find(' '));
    return;
  }
  // kernel/locking/lockdep.c, print_unlock_imbalance_bug(): who releases the lock, before the trace
  const bool releases = text.starts_with("[<") && contains(event_.title, "bad unlock balance");
  if (!in_trace_ && !releases) return;  // "lr : ...", "Workqueue: events func+0x..."
  if (follows_the_caller(text) && (pc_.empty() || !text.starts_with(pc_))) return;
  const std::string_view at = function_at(text);  // none in "? func+0x1/0x2": only a word found on the stack
  if (!at.empty() && !skipped(at)) event_.function = at;
}

/// "    in-flight: 9:nsim_fib_event_work for 58s": of a workqueue that does not get on, the first work item.
void Report::name_work(std::string_view text) {
  constexpr std::string_view mark = "in-flight: ";
  const std::size_t at = text.find(mark);
  if (event_.kind != "soft_lockup" || at == std::string_view::npos || !event_.function.empty()) return;
  text.remove_prefix(at + mark.size());
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;
  text.remove_prefix(colon + 1);
  event_.function =
      text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_"));
}

/// "Read of size 8 at addr ..." below a KASAN title.
void Report::access_kind(std::string_view text) {
  if (event_.kind != "kasan" || contains(event_.title, " Read ") || contains(event_.title, " Write ")) return;
  const std::string word = text.starts_with("Read of size")    ? " Read"
                           : text.starts_with("Write of size") ? " Write"
                                                               : "";
  const std::size_t at = event_.title.find(" in ");
  if (!word.empty() && at != std::string::npos) event_.title.insert(at, word);
}

model::KernelEvent Report::finish() {
  open_ = false;
  if (!servant_.empty() && (event_.function.empty() || only_enters(event_.function)))
    event_.function = servant_;
  constexpr std::string_view blank = " in {fn}";
  if (const std::size_t at = event_.title.find(blank); at != std::string::npos) {
    event_.title.replace(at, blank.size(), event_.function.empty() ? "" : " in " + event_.function);
  }
  event_.title = normalised(event_.title + suffix_);
  event_.text.resize(std::min(text_lines_, event_.text.size()));
  return std::move(event_);
}

}  // namespace pinrig::console
