-- captions.sql -- where the rate of the open loop comes from.
INSERT INTO phrase SELECT DISTINCT experiment, 7, 'the open loop offers what the closed one reached before' FROM row WHERE kind = 'omission';
