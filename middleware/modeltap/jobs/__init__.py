"""Jobs on a store, and their scheduler.

pipeline      a complete pass, from new exchanges to delivered messages
coverage_log  log messages about parts that are not monitored
view_updates  views of the store that follow the code and the models
store_health  handling of a damaged store or a full disk
output_ratings  ratings of outputs by a judge of each model
pacing        throttling of background analysis
scheduler     polls the store and starts child processes for pending work
child         a child process of the scheduler
timers        due times of jobs
policy_schedule   whether policies of retraining are due
retraining_pass   runs and reports them
executor      the threads of the scheduler's polls
"""
