#!/bin/bash
# One training on as many nodes as the job got, a process a node: torchrun, gloo over the hosts' network.
# After a node's failure Slurm puts the job back into the queue, and it goes on from its last checkpoint; after a
# process's failure, twice at most, this script does, as torchrun's --max-restarts 2 does on one machine.
# Arguments: the job's folder on the hosts, then the program's own.
set -eu
folder=$1
shift
set -a
. "$folder/environment"
set +a
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head --lines=1)
# another one for every start: what is left of the one before may still hold its port
MASTER_PORT=$((20000 + (SLURM_JOB_ID * 100 + ${SLURM_RESTART_COUNT:-0}) % 20000))
export MASTER_ADDR MASTER_PORT
code=0
srun --ntasks="$SLURM_NNODES" --ntasks-per-node=1 --kill-on-bad-exit=1 bash -c '
  exec "$DATAHALL_PYTHON" -m workloads.training.launch --nnodes="$SLURM_NNODES" --node-rank="$SLURM_NODEID" \
    --nproc-per-node=1 --master-addr="$MASTER_ADDR" --master-port="$MASTER_PORT" -m workloads.training "$@"
' training "$@" --site "$folder/site.json" --events json || code=$?

# It failed because a node did, before Slurm itself has seen that: what is lost is a start, not the job.
if [ "$code" -ne 0 ]; then
  for node in $(scontrol show hostnames "$SLURM_JOB_NODELIST"); do
    timeout 5 bash -c "exec 3<>/dev/tcp/$node/6818" || exec scontrol requeue "$SLURM_JOB_ID"
  done
fi
# 2 is bad input, which stays bad
if [ "$code" -ne 0 ] && [ "$code" -ne 2 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 2 ]; then
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
