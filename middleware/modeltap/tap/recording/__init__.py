"""Recording: sends packed exchanges to the writer process.

In reading order: `recorders` has one recorder for each store of this process; `recorder` writes
into the writer's buffer; `backlog` queues exchanges while it is full; `wakeup` wakes the thread of
the recorder, and `companion` starts the scheduler in it; `forks` resets recorders in a forked
child and closes them when the process ends.
"""
