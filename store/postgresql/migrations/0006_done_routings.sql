-- What was completed at a company, in the order in which its routings are gone through.
CREATE INDEX routings_done ON routings (account_id, id) WHERE status = 'completed';
