"""How the product is: facts measured (queues, processes, machine), told by /readyz, /metrics, the desk and alarm mails.

Nothing here loads the renderer or the seal, and nothing waits for anybody outside but `certificates.tls_end`, which the
schedule alone calls.
"""
