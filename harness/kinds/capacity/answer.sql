-- answer.sql -- what answers the question of a closed loop: the CPU time for each message.
INSERT INTO question SELECT experiment, 'server_cpu_us_per_message', 1 FROM section WHERE kind = 'capacity';
