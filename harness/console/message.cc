// SPDX-License-Identifier: GPL-2.0
#include "console/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "console/prefix.h"

namespace pinrig::console {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Drops ESC [ ... letter and NUL.
std::string_view without_colours(std::string_view line, std::string& buffer) {
  if (line.find('\x1b') == std::string_view::npos && line.find('\0') == std::string_view::npos) return line;
  buffer.clear();
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && !(line[i] >= '@' && line[i] <= '~')) ++i;
    } else if (line[i] != '\0') {
      buffer += line[i];
    }
  }
  return buffer;
}

/// Length of "[   12.345678]" at the front, 0 when it is not one; sets the seconds.
std::size_t stamp_length(std::string_view text, double& seconds) {
  if (text.empty() || text[0] != '[') return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t from = at;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) ++at;
  if (at >= text.size() || at - from < 8 || text[at - 7] != '.') return 0;
  // dmesg -d: "[    1.234567 <    0.000010>]"
  const std::size_t end = text.substr(at).starts_with(" <") ? text.find(">]", at) + 1 : at;
  if (end >= text.size() || text[end] != ']') return 0;
  std::from_chars(text.data() + from, text.data() + at, seconds);
  return end + 1;
}

/// Length of "[  T12]" or "[    C1]" at the front (CONFIG_PRINTK_CALLER).
std::size_t caller_length(std::string_view text, std::string_view& caller) {
  if (text.empty() || text[0] != '[') return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t from = at;
  if (at >= text.size() || (text[at] != 'T' && text[at] != 'C')) return 0;
  ++at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at >= text.size() || text[at] != ']' || at == from + 1) return 0;
  caller = text.substr(from, at - from);
  return at + 1;
}

/// Names, or beginnings of names when they end in '*'.
constexpr auto reporters = std::to_array<std::string_view>({"dump_stack*",
                                                            "show_stack*",
                                                            "dump_backtrace*",
                                                            "panic",
                                                            "vpanic",
                                                            "nmi_panic",
                                                            "oops_end",
                                                            "oops_exit",
                                                            "die",
                                                            "__die*",
                                                            "die_addr",
                                                            "page_fault_oops",
                                                            "exc_page_fault",
                                                            "asm_exc_*",
                                                            "exc_invalid_op",
                                                            "exc_general_protection",
                                                            "do_error_trap",
                                                            "do_trap",
                                                            "handle_bug",
                                                            "report_bug",
                                                            "__warn*",
                                                            "warn_slowpath*",
                                                            "__report_bug",
                                                            "bug_handler",
                                                            "brk_handler",
                                                            "call_break_hook",
                                                            "early_brk64",
                                                            "do_debug_exception",
                                                            "el1_*",
                                                            "el1h_64_*",
                                                            "el0_*",
                                                            "el0t_64_*",
                                                            "do_mem_abort",
                                                            "do_translation_fault",
                                                            "do_page_fault",
                                                            "__do_kernel_fault",
                                                            "die_kernel_fault",
                                                            "arm64_notify_die",
                                                            "arm64_serror_panic",
                                                            "do_serror",
                                                            "do_undefinstr",
                                                            "bad_page",
                                                            "print_bad_pte",
                                                            "dump_page",
                                                            "__dump_page*",
                                                            "dump_folio",
                                                            "refcount_warn_saturate",
                                                            "kasan_report*",
                                                            "__kasan_report*",
                                                            "print_report",
                                                            "print_address_description*",
                                                            "kasan_check_range",
                                                            "__kasan_check_*",
                                                            "__asan_*",
                                                            "__hwasan_*",
                                                            "kasan_save_*",
                                                            "kfence_report*",
                                                            "kfence_handle_page_fault",
                                                            "kcsan_report*",
                                                            "__tsan_*",
                                                            "ubsan_epilogue",
                                                            "ubsan_prologue",
                                                            "__ubsan_*",
                                                            "lockdep_rcu_suspicious",
                                                            "print_*_bug*",
                                                            "check_noncircular",
                                                            "__lock_acquire",
                                                            "lock_acquire",
                                                            "__might_resched",
                                                            "__might_sleep",
                                                            "__might_fault",
                                                            "__schedule*",
                                                            "schedule*",
                                                            "__list_add_valid*",
                                                            "__list_del_entry_valid*",
                                                            "oom_kill_process",
                                                            "dump_header",
                                                            "out_of_memory",
                                                            "fortify_panic",
                                                            "__fortify_panic",
                                                            "skb_panic",
                                                            "skb_over_panic",
                                                            "skb_under_panic",
                                                            "debug_print_object",
                                                            "___might_sleep",
                                                            "check_preemption_disabled",
                                                            "debug_smp_processor_id",
                                                            "__this_cpu_preempt_check",
                                                            "sched_show_task",
                                                            "show_state_filter",
                                                            "panic_bad_stack",
                                                            "handle_bad_stack",
                                                            "__bad_stack",
                                                            "mem_cgroup_out_of_memory",
                                                            "check_bytes_and_report",
                                                            "check_object",
                                                            "check_slab",
                                                            "alloc_debug_processing",
                                                            "free_debug_processing",
                                                            "object_err",
                                                            "slab_err",
                                                            "print_trailer",
                                                            "__report_bad_irq",
                                                            "report_bad_irq",
                                                            "note_interrupt",
                                                            "handle_irq_event*",
                                                            "spin_bug",
                                                            "spin_dump",
                                                            "rwlock_bug",
                                                            "bad_mode"});

/// Further ones that are entered by an interrupt or the watchdog.
constexpr auto bystanders = std::to_array<std::string_view>({"watchdog_timer_fn",
                                                             "__hrtimer_run_queues",
                                                             "hrtimer_interrupt",
                                                             "rcu_sched_clock_irq",
                                                             "rcu_dump_cpu_stacks",
                                                             "print_cpu_stall*",
                                                             "check_panic_on_warn",
                                                             "end_report*",
                                                             "fixup_exception",
                                                             "invalidate_registers",
                                                             "__switch_to*",
                                                             "nmi_cpu_backtrace*",
                                                             "nmi_trigger_cpumask_backtrace",
                                                             "arch_trigger_cpumask_backtrace",
                                                             "trigger_*cpu_backtrace",
                                                             "rcu_gp_kthread",
                                                             "rcu_gp_fqs_loop",
                                                             "rcu_check_gp_kthread_starvation",
                                                             "rcu_pending",
                                                             "update_process_times",
                                                             "tick_*",
                                                             "__sysvec_apic_timer_interrupt",
                                                             "sysvec_apic_timer_interrupt",
                                                             "asm_sysvec_*",
                                                             "arch_timer_handler_*",
                                                             "handle_percpu_devid_irq",
                                                             "generic_handle_domain_irq",
                                                             "gic_handle_irq",
                                                             "call_on_irq_stack",
                                                             "do_interrupt_handler"});

/// Where the kernel waits or spins on behalf of others, and lockdep's own machinery.
constexpr auto waiters = std::to_array<std::string_view>({"__mutex_lock*",
                                                          "mutex_lock*",
                                                          "ww_mutex_lock*",
                                                          "__ww_mutex_lock*",
                                                          "rwsem_down_*",
                                                          "down_read*",
                                                          "down_write*",
                                                          "__down*",
                                                          "down",
                                                          "down_interruptible",
                                                          "down_killable",
                                                          "down_timeout",
                                                          "percpu_rwsem_wait",
                                                          "__percpu_down_read",
                                                          "percpu_down_*",
                                                          "wait_for_completion*",
                                                          "__wait_for_common",
                                                          "wait_for_common",
                                                          "do_wait_for_common",
                                                          "io_schedule*",
                                                          "blk_io_schedule",
                                                          "_raw_spin_*",
                                                          "_raw_read_*",
                                                          "_raw_write_*",
                                                          "queued_spin_lock_slowpath",
                                                          "native_queued_spin_lock_slowpath",
                                                          "queued_read_lock_slowpath",
                                                          "queued_write_lock_slowpath",
                                                          "__pv_queued_*",
                                                          "do_raw_spin_lock",
                                                          "do_raw_spin_unlock",
                                                          "do_raw_read_lock",
                                                          "do_raw_write_lock",
                                                          "rtlock_*",
                                                          "rt_spin_lock",
                                                          "synchronize_rcu*",
                                                          "__synchronize_*",
                                                          "preempt_schedule*",
                                                          "mark_lock*",
                                                          "mark_held_locks",
                                                          "mark_usage",
                                                          "validate_chain",
                                                          "check_irq_usage",
                                                          "check_prev*",
                                                          "check_deadlock",
                                                          "register_lock_class",
                                                          "assign_lock_key",
                                                          "lock_release",
                                                          "__lock_release",
                                                          "lock_acquire*",
                                                          "valid_state",
                                                          "usage_match",
                                                          "check_wait_context",
                                                          "debug_check_no_locks_*",
                                                          "lockdep_*"});

bool fits(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  return rest.empty() || name.find(rest.substr(0, rest.find('*')), star) != std::string_view::npos;
}

/// Copies one token of a title to `out` and returns how many bytes of `text` it was.
std::size_t normalise_token(std::string_view text, std::string& out) {
  std::size_t n = 0;
  if (text[0] == '+' && text.starts_with("+0x")) {  // "+0x1a/0x40" behind a function
    n = 3;
    while (n < text.size() && (is_hex(text[n]) || text[n] == '/' || text[n] == 'x')) ++n;
    return n;
  }
  if (!is_word(text[0])) {
    out += text[0] >= ' ' && text[0] < '\x7f' ? text[0] : '?';
    return 1;
  }
  while (n < text.size() && is_word(text[n])) ++n;
  const std::string_view word = text.substr(0, n);
  const bool digits = std::all_of(word.begin(), word.end(), is_digit);
  const bool hex =
      std::all_of(word.begin(), word.end(), is_hex) && std::any_of(word.begin(), word.end(), is_digit);
  if (word.starts_with("0x") && !out.ends_with("exitcode="))
    out += "ADDR";
  else if (hex && n >= 8)
    out += "ADDR";
  else if (digits)
    out += "N";
  else
    out += word;
  return n;
}

}  // namespace

Message take_apart(std::string_view line, std::string& buffer) {
  while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
  line = without_colours(line, buffer);
  line = without_quote(line);
  Message m;
  m.text = line;
  // A writer without a newline leaves its text in front of the stamp of the next message.
  for (std::size_t at = line.find('['); at != std::string_view::npos; at = line.find('[', at + 1)) {
    const std::size_t n = stamp_length(line.substr(at), m.stamp_s);
    if (n == 0) continue;
    std::string_view rest = line.substr(at + n);
    const std::size_t gap = rest.starts_with(" [") ? 1 : 0;
    rest.remove_prefix(caller_length(rest.substr(gap), m.caller) > 0 ? gap : 0);
    std::string_view unused;
    rest.remove_prefix(m.caller.empty() ? 0 : caller_length(rest, unused));
    m.text = without_host(rest.starts_with(' ') ? rest.substr(1) : rest);
    return m;
  }
  if (line.size() >= 3 && line[0] == '<' && is_digit(line[1]) && line[2] == '>')
    m.text = line.substr(3);
  else
    m.text = without_time(line);
  return m;
}

std::string normalised(std::string_view title) {
  std::string out;
  while (!title.empty() && out.size() < 200) title.remove_prefix(normalise_token(title, out));
  while (out.ends_with(' ') || out.ends_with('.') || out.ends_with(':') || out.ends_with(',')) out.pop_back();
  return out;
}

bool is_source(std::string_view text) {
  if (!text.starts_with(" (")) return false;
  const std::size_t end = text.find(':');
  if (end == std::string_view::npos || end + 1 >= text.size() || !is_digit(text[end + 1])) return false;
  const std::string_view file = text.substr(2, end - 2);
  return file.find(' ') == std::string_view::npos &&
         (file.ends_with(".c") || file.ends_with(".h") || file.ends_with(".S") || file.ends_with(".rs"));
}

std::string_view function_at(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  if (text.starts_with("[<")) {  // "[<ffffffff81000000>] func+0x..." of old kernels
    const std::size_t end = text.find(">]");
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 2);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (text.size() > 5 && text[4] == ':' && is_digit(text[0])) text.remove_prefix(5);  // "0010:" before RIP
  std::size_t n = 0;
  while (n < text.size() && (is_word(text[n]) || text[n] == '.' || text[n] == '$')) ++n;
  if (n == 0 || !(text.substr(n).starts_with("+0x") || is_source(text.substr(n)))) return {};
  std::string_view name = text.substr(0, n);
  if (const std::size_t dot = name.find('.', 1); dot != std::string_view::npos) name = name.substr(0, dot);
  return name;
}

bool only_reports(std::string_view function) {
  const auto fit = [&](std::string_view pattern) { return fits(pattern, function); };
  return std::any_of(reporters.begin(), reporters.end(), fit) ||
         std::any_of(bystanders.begin(), bystanders.end(), fit);
}

bool only_waits(std::string_view function) {
  return std::any_of(waiters.begin(), waiters.end(), [&](std::string_view p) { return fits(p, function); });
}

}  // namespace pinrig::console
