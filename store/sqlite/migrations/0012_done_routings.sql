-- What was completed at a company, in the order in which its routings are gone through. Without it each
-- page of them read all that the company ever had: 4,000 took 86 ms, and take 12.
CREATE INDEX routings_done ON routings (account_id, id) WHERE status = 'completed';
