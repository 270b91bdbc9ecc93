-- captions.sql -- what a pass of kind counters does to its server.
INSERT INTO phrase SELECT DISTINCT experiment, 7, 'calls counted with ptrace, which stops the server at every call' FROM row WHERE kind = 'counters';
