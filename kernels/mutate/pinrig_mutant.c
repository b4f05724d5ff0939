// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/pinrig_reached: the numbers of the mutants whose places were reached,
 * as ranges ("1-4,7"). Anything written to it forgets them.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/pinrig_mutant.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

int pinrig_mutant;
EXPORT_SYMBOL(pinrig_mutant);
core_param(pinrig_mutant, pinrig_mutant, int, 0600);

unsigned char pinrig_reached[PINRIG_MUTANTS];
EXPORT_SYMBOL(pinrig_reached);

static int pinrig_reached_show(struct seq_file* m, void* v) {
  const char* comma = "";
  int i, first;

  for (i = 0; i < PINRIG_MUTANTS; i++) {
    if (!pinrig_reached[i]) continue;
    first = i;
    while (i + 1 < PINRIG_MUTANTS && pinrig_reached[i + 1]) i++;
    if (first == i)
      seq_printf(m, "%s%d", comma, first);
    else
      seq_printf(m, "%s%d-%d", comma, first, i);
    comma = ",";
  }
  seq_putc(m, '\n');
  return 0;
}

static int pinrig_reached_open(struct inode* inode, struct file* file) {
  return single_open(file, pinrig_reached_show, NULL);
}

static ssize_t pinrig_reached_write(struct file* file, const char __user* buf, size_t count, loff_t* pos) {
  memset(pinrig_reached, 0, sizeof(pinrig_reached));
  return count;
}

static const struct proc_ops pinrig_reached_ops = {
    .proc_open = pinrig_reached_open,
    .proc_read = seq_read,
    .proc_write = pinrig_reached_write,
    .proc_lseek = seq_lseek,
    .proc_release = single_release,
};

static int __init pinrig_reached_init(void) {
  proc_create("pinrig_reached", 0600, NULL, &pinrig_reached_ops);
  return 0;
}
fs_initcall(pinrig_reached_init);
