-- answer.sql -- what answers the question of the kind skeleton: the messages of each connection.
INSERT INTO question SELECT experiment, 'messages_per_connection', 0 FROM section WHERE kind = 'skeleton';
