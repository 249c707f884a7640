"""Answering over HTTP and gRPC: questions, answers, the model server, and the deployers that bring a model there.

Belongs here: what can be asked and what is answered, on every protocol alike; which bundle answers, and how another one
comes to; bounds on strangers' requests. Does not belong here: what the answer is (`hmm`), which model may serve
(`promotion`), how requests are counted (`monitoring`).
"""
