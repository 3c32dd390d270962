"""The whole journey as a state machine: what people and machines do, in any order, against a small model.

`edges` stands where the product meets the world (clock, mail server, Stripe, PDF engine, sudden death), `laws` is the
model and what must hold after every step, `people` and `money` are the steps, `journey` is all of it together.
"""
