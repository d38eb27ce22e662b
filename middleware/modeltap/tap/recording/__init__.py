"""Recording: packed exchanges on their way to the writer process.

In reading order: `recorders`, one for each store of this process; `recorder`, which writes into
the pipe; `backlog`, for what finds no room there; `wakeup`, at which its thread sleeps; `forks`,
which starts anew in a forked child and writes the rest when the process ends.
"""
