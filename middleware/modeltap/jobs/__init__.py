"""The work on a store, and when it is done.

pipeline      a whole pass, from new exchanges to delivered messages
coverage_log  what is not monitored, in the log
store_health  a damaged store, a full disk
pacing        throttling in the background
scheduler     polls, and starts children when there is work
child         one child process
timers        when a job is due
executor      the threads of the scheduler's polls
"""
