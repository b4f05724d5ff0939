// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "holders/capture.h"
#include "holders/history.h"

namespace pinrig::holders {
namespace {

/// Room for the events of each CPU.
constexpr int buffer_kib = 12288;
/// The same where every change is traced: those right before the kernel finds a page bad are asked for, and a
/// guest takes long to print an event.
constexpr int history_kib = 4096;
constexpr int most_bad = 8;
/// Of a serial port that prints some hundred KiB in a second.
constexpr int most_lines = 60000;
/// Pages that page_owner is asked about.
constexpr int most_owners = 24;

/// Prints each stack once: later ones are the number of the first. Counts pins as read_capture()'s users do,
/// to know which pages to ask page_owner about: all that are not zero at the end.
constexpr const char* compact = R"(
function close_stack() {
  if (open) { if (key in seen) print "=" seen[key]; else { seen[key] = ++n; printf "+%d\n%s", n, key } }
  open = 0; key = ""
}
cut { next }
/^ *=> / { if (open) key = key $0 "\n"; next }
{ close_stack() }
/<stack trace>/ { print; open = 1; next }
/ page_ref_/ {
  if (++printed > MOST) { if (!cut) { print "pinrig: cut"; cut = 1 } next }
  print
  p = ""; v = 0
  for (i = 1; i <= NF; i++) {
    if ($i ~ /^pfn=/) p = substr($i, 5)
    if ($i ~ /^val=/) v = substr($i, 5) + 0
  }
  sum[p] += v
  next
}
/^#.*entries-written|LOST/ { print }
END { close_stack(); for (p in sum) if (sum[p] != 0 && ++m <= OWNERS) print "pinrig: ask " p }
)";

/// The same for the changes of some pages, whose PFNs are in a file. An event's stack comes behind it on its
/// CPU; an interrupt's event comes between the two.
constexpr const char* of_pages = R"(
function close_stack() {
  if (open) { if (key in seen) print "=" seen[key]; else { seen[key] = ++n; printf "+%d\n%s", n, key } }
  open = 0; key = ""
}
BEGIN { while ((getline pfn < "/tmp/pfns") > 0) want[pfn] = 1 }
/^ *=> / { if (open) key = key $0 "\n"; next }
{ close_stack(); if (match($0, / \[[0-9]+\] /)) cpu = substr($0, RSTART, RLENGTH) }
/<stack trace>/ { if (depth[cpu] > 0 && wanted[cpu, depth[cpu]--]) { print; open = 1 }; next }
/ page_ref_/ {
  p = ""
  for (i = 1; i <= NF; i++) if ($i ~ /^pfn=/) p = substr($i, 5)
  wanted[cpu, ++depth[cpu]] = (p in want)
  if (p in want) print
  next
}
END { close_stack() }
)";

/// The events of page_ref on, in buffers of so many KiB for each CPU, with `filter` (empty: all).
std::string begin_trace(int kib, const std::string& filter) {
  const std::string trigger = filter.empty() ? "stacktrace" : "stacktrace if " + filter;
  return fmt::format(
      "mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null\n"
      "mount -t debugfs nodev /sys/kernel/debug 2>/dev/null\n"
      "cd /sys/kernel/tracing/events/page_ref 2>/dev/null || {{ echo 'pinrig: no page_ref'; exit 3; }}\n"
      "cd ../..; echo 0 > tracing_on; echo nop > current_tracer; echo {0} > buffer_size_kb; echo > trace\n"
      "for o in sym-addr nohash-ptr nosym-offset norecord-tgid; do echo $o > trace_options 2>/dev/null; "
      "done\n"
      "for e in page_ref_mod page_ref_mod_and_test page_ref_mod_and_return page_ref_mod_unless; do\n"
      "  echo '{1}' > events/page_ref/$e/filter\n"
      "  echo '{2}' > events/page_ref/$e/trigger\n"
      "  echo 1 > events/page_ref/$e/enable\ndone\n",
      kib, filter.empty() ? "0" : filter, trigger);
}

/// The test, with the switch next to it, and what is released after its last process is gone: by workqueues,
/// RCU and completions.
std::string traced(const std::string& test_command) {
  return fmt::format(
      "(echo 1 > /sys/kernel/tracing/tracing_on; {})\ncode=$?\n"
      "sleep 1; cd /sys/kernel/tracing; echo 0 > tracing_on\n",
      test_command);
}

constexpr const char* begin_print =
    "echo; echo 'pinrig: holders begin'\necho \"pinrig: exit code $code\"\ngrep -h overrun "
    "per_cpu/cpu*/stats\n";
// Setting the terminal waits until it has sent everything: the guest's end would cut off the rest.
constexpr const char* end_print = "echo 'pinrig: holders end'\nstty -echo 2>/dev/null || sleep 2\n";

}  // namespace

std::string script(const std::string& test_command, std::optional<int> head_flag) {
  std::string filter = fmt::format("val >= {0} || val <= -{0} || count >= {0} || count < 0", bias - 1);
  if (head_flag) filter += fmt::format(" || flags & {:#x}", std::uint64_t{1} << *head_flag);
  const char* counters = "echo 1 > /proc/sys/vm/stat_refresh; grep nr_foll_pin /proc/vmstat";
  std::string out = begin_trace(buffer_kib, filter);
  out +=
      fmt::format("before=$({})\n", counters) + traced(test_command) + fmt::format("after=$({})\n", counters);
  out += fmt::format("cat > /tmp/compact.awk <<'PINRIG_END'{}PINRIG_END\n", compact);
  out += fmt::format("awk -v MOST={} -v OWNERS={} -f /tmp/compact.awk trace > /tmp/compact\n", most_lines,
                     most_owners);
  out += begin_print;
  out +=
      "echo \"$before\" | sed 's/^/before /'; echo \"$after\" | sed 's/^/after /'\n"
      "cat /tmp/compact\n"
      // The file's offset is a page frame number, of which each read gives one.
      "for p in $(sed -n 's/^pinrig: ask //p' /tmp/compact); do\n"
      "  dd if=/sys/kernel/debug/page_owner bs=4096 count=1 iflag=skip_bytes skip=$(($p)) 2>/dev/null; echo\n"
      "done\n";
  return out + end_print;
}

std::string history_script(const std::string& test_command) {
  std::string out = begin_trace(history_kib, "");
  // What comes after the report has nothing to do with it, and would overwrite what came before.
  out +=
      "echo 1 > /proc/sys/kernel/traceoff_on_warning 2>/dev/null\n"
      "echo 'p:pinrig_bad bad_page' > kprobe_events 2>/dev/null\n"
      "echo traceoff > events/kprobes/pinrig_bad/trigger 2>/dev/null\n"
      "echo 1 > events/kprobes/pinrig_bad/enable 2>/dev/null\n";
  out += traced(test_command);
  out += fmt::format(
      "busybox dmesg | sed -n 's/.*page:.*refcount:.* pfn:\\(0x[0-9a-f]*\\).*/\\1/p' | sort -u | head -{} > "
      "/tmp/pfns\n",
      most_bad);
  out += fmt::format("cat > /tmp/pages.awk <<'PINRIG_END'{}PINRIG_END\n", of_pages);
  return out + begin_print + "awk -f /tmp/pages.awk trace\n" + end_print;
}

}  // namespace pinrig::holders
