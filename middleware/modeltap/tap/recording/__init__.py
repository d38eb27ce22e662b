"""Recording: sends packed exchanges to the writer process.

In reading order: `recorders` has one recorder for each store of this process; `recorder` writes
into the pipe; `backlog` queues exchanges while the pipe is full; `wakeup` wakes the thread of the
recorder; `forks` resets recorders in a forked child and closes them when the process ends.
"""
