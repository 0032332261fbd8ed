"""SPF: may this address send for this domain, and is the record sound?"""
